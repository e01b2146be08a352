package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		attachForEver()
	}
	if text := os.Getenv(deed); text != "" {
		doDeed(text)
	}
	nettest.Main(m)
}

// rig is a store with its manager in a network namespace of the test's own,
// which is left as it was found.
type rig struct {
	*Manager
	s *store.Store
	t testing.TB
}

func newRig(t testing.TB) *rig {
	t.Helper()
	nettest.Need(t)
	dir := nettest.Dir(t)
	s, err := store.Open(filepath.Join(dir, "l"), filepath.Join(dir, "r"))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Open(s), s, t}
	t.Cleanup(r.clear)
	return r
}

// clear removes every network, and finds that nothing is left.
func (r *rig) clear() {
	ctx := r.t.Context()
	for _, id := range must(r.s.NetnsIDs())(r.t) {
		r.leave(id)
	}
	all, err := r.List()
	if err != nil {
		r.t.Error(err)
	}
	for _, n := range all {
		if err := r.Remove(context.WithoutCancel(ctx), n.Name); err != nil {
			r.t.Error(err)
		}
	}
	r.clean(func(string) bool { return false })
	links, err := netdev.Links(vethPrefix, bridgePrefix)
	if err != nil || len(links) > 0 {
		r.t.Errorf("links are left: %+v %v", links, err)
	}
	tables, err := netdev.Tables()
	if err != nil || len(tables) > 0 {
		r.t.Errorf("tables are left: %v %v", tables, err)
	}
}

// attachedTo are the networks that a container is in now, by interface.
func (r *rig) attachedTo(container string) ([]record.Joined, error) {
	return r.joined(func(l *record.Lease) bool { return l.Container == container })
}

// clean fails when there is a leftover.
func (r *rig) clean(alive func(string) bool) {
	r.t.Helper()
	found, err := r.Leftovers(r.t.Context(), alive)
	if err != nil || len(found) > 0 {
		r.t.Errorf("leftovers: %+v %v", found, err)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func idOf(name string) string {
	h := sha256.Sum256([]byte(name))
	return hex.EncodeToString(h[:])
}

// container makes the record, hosts file and namespace of one, attached to nothing.
func (r *rig) container(name string) string {
	r.t.Helper()
	id := idOf(name)
	c := &record.Container{ID: id, Name: name, NetworkMode: Default, Host: record.Host{Hostname: id[:12]}}
	if err := r.s.CreateContainer(c, &record.State{Status: record.Created}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.s.ClaimName(name, id); err != nil {
		r.t.Fatal(err)
	}
	if err := r.s.WriteHostFile(id, "hosts", []byte("127.0.0.1\tlocalhost\n")); err != nil {
		r.t.Fatal(err)
	}
	must(r.NewNetns(id))(r.t)
	return id
}

// joins attaches a container that is made for it.
func (r *rig) joins(name, network string, ports ...record.Port) record.Joined {
	r.t.Helper()
	return must(r.Attach(r.t.Context(), r.opts(r.container(name), name, network, ports...)))(r.t)
}

func (r *rig) opts(id, name, network string, ports ...record.Port) AttachOpts {
	return AttachOpts{Container: id, Netns: r.s.Netns(id), Join: record.Join{Network: network}, Iface: "eth0", Names: []string{name}, Ports: ports}
}

// leave undoes a container.
func (r *rig) leave(id string) {
	r.t.Helper()
	if err := r.DetachAll(context.WithoutCancel(r.t.Context()), id); err != nil {
		r.t.Error(err)
	}
	if err := r.RemoveNetns(id); err != nil {
		r.t.Error(err)
	}
	if err := r.s.RemoveContainer(id); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) network(name string, o CreateOpts) *record.Network {
	r.t.Helper()
	o.Name = name
	return must(r.Create(r.t.Context(), o))(r.t)
}

// in runs a program in a container's namespace.
func (r *rig) in(name string, args ...string) string {
	r.t.Helper()
	return nettest.Run(r.t, r.s.Netns(idOf(name)), args...)
}

// reaches reports whether a host answers, be it by a refusal: nobody serves
// the port.
func (r *rig) reaches(from, to string) bool {
	r.t.Helper()
	return r.answered(from, to, time.Minute)
}

// silent reports whether nothing comes back.
func (r *rig) silent(from, to string) bool {
	r.t.Helper()
	return !r.answered(from, to, 400*time.Millisecond)
}

func (r *rig) answered(from, to string, most time.Duration) bool {
	r.t.Helper()
	_, err := nettest.Ask(r.t, r.s.Netns(idOf(from)), "tcp", net.JoinHostPort(to, "9"), most)
	return errors.Is(err, unix.ECONNREFUSED)
}

func ip(cidr string) string {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return ""
	}
	return p.Addr().String()
}

// addrOf is the IPv4 address that a container has in a network now.
func (r *rig) addrOf(name, network string) string {
	r.t.Helper()
	for _, j := range must(r.attachedTo(idOf(name)))(r.t) {
		if j.Network == network {
			return ip(j.IPv4)
		}
	}
	r.t.Errorf("%s is not in %s", name, network)
	return ""
}
