package network

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// beside does n things, 16 at a time, and returns how long all took.
func beside(t *testing.T, n int, do func(i int) error) time.Duration {
	t.Helper()
	begin := time.Now()
	var wg sync.WaitGroup
	todo, failed := make(chan int), make(chan error, n)
	for range 16 {
		wg.Go(func() {
			for i := range todo {
				if err := do(i); err != nil {
					failed <- fmt.Errorf("%d: %w", i, err)
				}
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	return time.Since(begin)
}

// 500 attachments and their ends, 16 at a time, of which a half publishes a port and
// a quarter has a namespace that is no container's: nothing is left, not even while
// others go on.
func TestManyAtOnce(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/24"}, IPv6: true})
	took := beside(t, 500, func(i int) error { return r.comeAndGo(i) })
	t.Logf("%v an attachment with its end", took/500)
	r.nothingOf("n1")
	r.clean(func(string) bool { return false })
}

// comeAndGo attaches a namespace, has a look at it, and detaches it.
func (r *rig) comeAndGo(i int) error {
	ctx, id := r.t.Context(), idOf(fmt.Sprint("many ", i))
	path, err := r.NewNetns(id)
	if err != nil {
		return err
	}
	o := AttachOpts{Container: id, Netns: path, Join: record.Join{Network: "n1"}, Names: []string{fmt.Sprint("c", i)}}
	if i%4 == 0 {
		o.Container = ""
	}
	if i%2 == 1 {
		o.Ports = []record.Port{tcp("", uint16(10000+i), 80)}
	}
	j, err := r.Attach(ctx, o)
	if err != nil {
		return err
	}
	names, err := netdev.LinkNames(path)
	if err != nil || !slices.Contains(names, j.Iface) {
		return fmt.Errorf("links in the namespace: %v %w", names, err)
	}
	if l, err := r.s.Lease("n1", ip(j.IPv4)); err != nil || l.Netns != path {
		return fmt.Errorf("its lease: %+v %w", l, err)
	}
	if o.Container == "" {
		err = r.Detach(ctx, "n1", path)
	} else {
		err = r.DetachAll(ctx, id)
	}
	return errors.Join(err, r.RemoveNetns(id))
}

// nothingOf fails unless a network has no lease, link or port rule.
func (r *rig) nothingOf(network string) {
	r.t.Helper()
	if ips, err := r.s.Leases(network); err != nil || len(ips) > 0 {
		r.t.Errorf("leases: %v %v", ips, err)
	}
	if links, err := netdev.Links(vethPrefix); err != nil || len(links) > 0 {
		r.t.Errorf("links: %v %v", links, err)
	}
	if out := nettest.Run(r.t, "", "nft", "list", "ruleset"); strings.Contains(out, "dport") {
		r.t.Errorf("rules: %s", out)
	}
}

// A pool of five addresses: who finds none is told, and nobody has another's.
func TestPoolIsExhausted(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/29"}})
	var got, refused atomic.Int64
	beside(t, 16, func(i int) error {
		id := idOf(fmt.Sprint("full ", i))
		path, err := r.NewNetns(id)
		if err != nil {
			return err
		}
		_, err = r.Attach(t.Context(), AttachOpts{Container: id, Netns: path, Join: record.Join{Network: "n1"}, Iface: "eth0"})
		if errs.Is(err, errs.Unavailable) && strings.Contains(err.Error(), "no free address in 10.77.0.0/29: remove containers, or create a larger network") {
			refused.Add(1)
			return nil
		}
		got.Add(1)
		return err
	})
	if got.Load() != 5 || refused.Load() != 11 {
		t.Errorf("%d have an address, %d are refused", got.Load(), refused.Load())
	}
	if links, err := netdev.Links(vethPrefix); err != nil || len(links) != 5 {
		t.Errorf("links: %v %v", links, err)
	}
	ids := must(r.s.NetnsIDs())(t)
	for _, id := range ids {
		r.leave(id)
	}
	r.nothingOf("n1")
	r.clean(func(string) bool { return false })
}
