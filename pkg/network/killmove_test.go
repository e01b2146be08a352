//go:build amd64

package network

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Whatever system call Connect and Disconnect are killed at, the published ports are
// served all the time or again after the same call, and then by one network.
func TestMoveKilledAtEachStep(t *testing.T) {
	const step = 13
	for i, verb := range []string{"connect", "disconnect"} {
		t.Run(verb, func(t *testing.T) {
			kills := 0
			for at := 1 + i*7; !t.Failed(); at += step {
				killed := false
				t.Run(strconv.Itoa(at), func(t *testing.T) { killed = moveKilledAt(t, verb, at) })
				if !killed {
					break
				}
				kills++
			}
			if kills < 5 {
				t.Errorf("%d kills: the call was not on its way", kills)
			}
		})
	}
}

func moveKilledAt(t *testing.T, verb string, at int) bool {
	r := newRig(t)
	port := tcp("", 8080, 80)
	for _, n := range []string{"one", "two"} {
		r.network(n, CreateOpts{})
	}
	id := r.container("web")
	h := r.holds(id, port)
	c := must(r.s.Container(id))(t)
	d := deedOf{Dir: strings.TrimSuffix(r.s.Root, "/l"), Verb: verb, Attach: AttachOpts{Container: id, Join: record.Join{Network: "one"}}}
	must(r.Attach(t.Context(), r.opts(id, "web", "two")))(t)
	c.NetworkMode, c.Networks = "two", []record.Join{{Network: "two"}}
	if verb == "disconnect" {
		o := r.opts(id, "web", "one", port)
		o.Iface = ""
		must(r.Attach(t.Context(), o))(t)
		c.NetworkMode, c.Networks = "one", []record.Join{{Network: "one"}, {Network: "two"}}
	}
	if err := r.s.SetContainer(c); err != nil {
		t.Fatal(err)
	}
	res := d.kill(t, at)
	err := d.do(r.Manager)
	if verb == "disconnect" && errs.Is(err, errs.NotFound) || verb == "connect" && errs.Is(err, errs.Conflict) {
		err = nil // it was done
	}
	if err != nil {
		t.Errorf("the same again, killed at %s: %v", res.Call, err)
	}
	if verb == "connect" {
		if err := r.Disconnect(t.Context(), id, "two"); err != nil {
			t.Error(err)
		}
	}
	left := map[string]string{"connect": "one", "disconnect": "two"}[verb]
	to := r.addrOf("web", left)
	out := nettest.Run(t, "", "nft", "list", "table", "inet", r.Table())
	if h.at() != to || strings.Count(out, "dnat ip to") != 1 || !strings.Contains(out, "dnat ip to "+to+":80") {
		t.Errorf("killed at %s: the ports are at %q, not at %s\n%s", res.Call, h.at(), to, out)
	}
	if js := must(r.attachedTo(id))(t); len(js) != 1 {
		t.Errorf("killed at %s: %+v", res.Call, js)
	}
	r.clean(func(x string) bool { return x == id })
	return res.Killed
}
