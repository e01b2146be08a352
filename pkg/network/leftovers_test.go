package network

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

func TestLeftoversOfEveryKind(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"pvdeadbeef0000", "pbdeadbeef0000"} { // look like ours and are not
		nettest.Run(t, "", "ip", "link", "add", name, "type", "bridge")
		defer netdev.DeleteLink(name)
	}
	nettest.Run(t, "", "ip", "link", "set", "pbdeadbeef0000", "alias", "pouch /somewhere/else "+idOf("x"))
	alive := func(id string) bool { return id == idOf("lives") }
	r.joins("lives", "bridge")
	r.clean(alive)

	r.joins("killed", "bridge", tcp("", 8080, 80))
	lost := r.joins("lost", "bridge")
	if err := r.s.RemoveLease(Default, ip(lost.IPv4)); err != nil {
		t.Fatal(err)
	}
	n := r.network("n1", CreateOpts{})
	if err := r.s.RemoveNetwork("n1"); err != nil {
		t.Fatal(err)
	}
	found := must(r.Leftovers(t.Context(), alive))(t)
	var got []string
	for _, l := range found {
		if l.Reason == "" {
			t.Errorf("no reason: %+v", l)
		}
		got = append(got, l.Kind+" "+l.Owner)
	}
	for _, want := range []string{
		"netns " + idOf("killed"), "address " + idOf("killed"), "netns " + idOf("lost"), "link " + idOf("lost"),
		"addresses n1", "link " + n.ID, "rules " + stamp(n),
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
	if len(got) != 7 {
		t.Errorf("found %q", got)
	}
	if err := r.Clean(t.Context(), alive); err != nil {
		t.Fatal(err)
	}
	r.clean(alive)
	if _, err := netdev.FindLink("pvdeadbeef0000"); err != nil {
		t.Errorf("a link of somebody else: %v", err)
	}
	if !r.reaches("lives", must(r.attachedTo(idOf("lives")))(t)[0].Gateway) {
		t.Error("cleaning broke a container that lives")
	}
	if out := nettest.Run(t, "", "nft", "list", "table", "inet", r.Table()); strings.Contains(out, "8080") {
		t.Error(out)
	}
}

func TestBrokenRecord(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{})
	r.joins("aa", "bridge")
	if err := os.WriteFile(r.s.Root+"/networks/n1.json", []byte(`{"id": "x`), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := r.List(); err == nil || !strings.Contains(err.Error(), "n1.json") || len(all) != 1 {
		t.Errorf("%v %v", all, err)
	}
	r.joins("bb", "bridge")
	if found := must(r.Leftovers(t.Context(), func(string) bool { return true }))(t); len(found) != 1 || found[0].Kind != "rules" {
		t.Errorf("with a broken record: %+v", found)
	}
	if err := r.Remove(t.Context(), "n1"); err != nil {
		t.Fatal(err)
	}
	if _, err := netdev.FindLink(n.Bridge); err == nil {
		t.Error("the link of the broken network is still there")
	}
}
