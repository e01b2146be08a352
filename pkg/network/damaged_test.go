package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// A lease that cannot be read keeps its address, and its container its link, as
// long as the container may live; then it ends.
func TestDamagedLease(t *testing.T) {
	for _, text := range []string{"", "{}", "null", "\x00\x00", `{"netns":7}`} {
		t.Run(text, func(t *testing.T) { damagedTo(t, text) })
	}
}

func damagedTo(t *testing.T, text string) {
	r := newRig(t)
	ours := func(id string) bool { return id == idOf("aa") }
	j := r.joins("aa", "bridge")
	path := filepath.Join(r.s.RunRoot, "leases", Default, ip(j.IPv4))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.clean(ours)
	if err := r.Clean(t.Context(), ours); err != nil {
		t.Fatal(err)
	}
	if !r.reaches("aa", j.Gateway) {
		t.Error("the container has lost its network")
	}
	r.joins("bb", "bridge")
	r.leave(idOf("bb"))
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the address is free while its container lives: %v", err)
	}
	if err := r.Remove(t.Context(), Default); err == nil {
		t.Error("the network is gone under a container")
	}
	r.leave(idOf("aa"))
	nobody := func(string) bool { return false }
	if found := must(r.Leftovers(t.Context(), nobody))(t); len(found) != 1 || found[0].Kind != damagedLease {
		t.Errorf("%+v", found)
	}
	if err := r.Clean(t.Context(), nobody); err != nil {
		t.Fatal(err)
	}
	r.clean(nobody)
}

// A damaged network is named with the way out, and hurts no other.
func TestDamagedNetwork(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{})
	r.joins("aa", "n1")
	if err := os.WriteFile(filepath.Join(r.s.Root, "networks", "n1.json"), []byte("null"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inspect("n1"); err == nil || !strings.Contains(err.Error(), "pouch-net rm n1") {
		t.Errorf("%v", err)
	}
	r.network("n2", CreateOpts{})
	if _, err := r.Create(t.Context(), CreateOpts{Name: "n3", Subnets: []string{n.Subnets[0].Subnet}}); err == nil {
		t.Error("a subnet is given twice")
	}
	if _, err := r.Attachments(); err != nil {
		t.Errorf("what the others are attached to: %v", err)
	}
	if err := r.Remove(t.Context(), "n1"); err == nil {
		t.Error("removed under a container")
	}
	r.leave(idOf("aa"))
	if err := r.Remove(t.Context(), "n1"); err != nil {
		t.Fatal(err)
	}
	if _, err := netdev.FindLink(n.Bridge); err == nil {
		t.Error("its link is still there")
	}
}
