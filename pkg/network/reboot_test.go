package network

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// reboot does to the network what one does: the run-root is empty, namespaces, links
// and rules are gone, the boot has another id. What is durable stays.
func (r *rig) reboot() {
	r.t.Helper()
	for _, id := range must(r.s.NetnsIDs())(r.t) {
		if err := netdev.RemoveNetns(r.s.Netns(id)); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, l := range must(netdev.Links(vethPrefix, bridgePrefix, vxlanPrefix, dummyPrefix))(r.t) {
		if err := netdev.DeleteLink(l.Name); err != nil {
			r.t.Fatal(err)
		}
	}
	nettest.Run(r.t, "", "nft", "flush", "ruleset")
	if err := os.RemoveAll(r.s.RunRoot); err != nil {
		r.t.Fatal(err)
	}
	before := must(proc.BootID())(r.t)
	boot := filepath.Join(filepath.Dir(r.s.RunRoot), "boot")
	if err := os.WriteFile(boot, []byte("11111111-2222-4333-8444-555555555555\n"), 0o444); err != nil {
		r.t.Fatal(err)
	}
	const file = "/proc/sys/kernel/random/boot_id"
	if err := unix.Mount(boot, file, "", unix.MS_BIND, ""); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { unix.Unmount(file, unix.MNT_DETACH) })
	if now := must(proc.BootID())(r.t); now == before {
		r.t.Fatalf("the boot's id is still %s", now)
	}
}

// portsOf are published where the driver can.
func portsOf(network string) []record.Port {
	if network == "n1" {
		return []record.Port{tcp("", 8080, 80)}
	}
	return nil
}

// After a reboot networks of every driver are there at the first use, members get the
// addresses that they had, and nothing is taken for a leftover.
func TestReboot(t *testing.T) {
	r := newRig(t)
	r.lan()
	r.network("n1", CreateOpts{})
	r.network("n2", lanOpts("macvlan"))
	over := overlay(0, "peers=192.0.2.2")
	over.Name = "n3"
	must(r.Create(t.Context(), over))(t)
	had := map[string]string{}
	for _, n := range []string{"n1", "n2", "n3"} {
		had[n] = r.joins("on-"+n, n, portsOf(n)...).IPv4
	}

	r.reboot()
	must(store.Open(r.s.Root, r.s.RunRoot))(t)
	alive := func(string) bool { return true }
	r.clean(alive)
	for n, address := range had {
		name := "on-" + n
		id := idOf(name)
		must(r.NewNetns(id))(t)
		j := must(r.Attach(t.Context(), r.opts(id, name, n, portsOf(n)...)))(t)
		if j.IPv4 != address {
			t.Errorf("%s: the address is %s, not %s", n, j.IPv4, address)
		}
		to := j.Gateway
		if !r.reaches(name, to) {
			t.Errorf("%s: %s does not answer", n, to)
		}
	}
	nettest.Serve(t, r.s.Netns(idOf("on-n1")), "tcp", ":80")
	r.sees("", "tcp", "10.88.0.1:8080", "10.88.0.1")
	if err := r.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	r.clean(alive)
}
