package container

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Summary is one container of a list.
type Summary struct {
	Container *record.Container
	State     *record.State
	Size      *Size // nil: it was not asked for
}

// ListOpts says which containers List returns.
type ListOpts struct {
	All     bool    // also those that do not run
	Last    int     // only the last n created, in any state; 0: no limit
	Sort    string  // one of SortWords; empty: the newest first
	Size    bool    // with the sizes of their roots, which containerd tells
	Filters Filters // as of ParseFilters
	// Warn is told about every record that cannot be read; the others are
	// listed all the same.
	Warn func(error)
}

// List returns the containers that o asks for, newest first. It takes no lock
// and needs no containerd but for sizes: the answer comes from the records and
// the kernel. It fails with kind invalid for a filter or an order that is none,
// and not_found for a filter that names a container which is not there.
func (m *Manager) List(ctx context.Context, o ListOpts) ([]Summary, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	filters, err := m.resolved(o.Filters)
	if err != nil {
		return nil, err
	}
	ids, err := m.listed(&o)
	if err != nil {
		return nil, err
	}
	nets, err := m.Network.Attachments()
	if err != nil {
		return nil, err
	}
	var out []Summary
	for i, l := range m.lookAll(ids) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		id, c, st, err := ids[i], l.c, l.st, l.err
		if err == nil {
			attached(st, nets[id])
		}
		switch {
		case errs.Is(err, errs.NotFound): // removed meanwhile, or half made: gc names it
		case err != nil:
			if o.Warn != nil {
				o.Warn(err)
			}
		case m.leaving(c, st): // as gone as its run said
		case (o.all() || Alive(st)) && filters.match(c, st):
			out = append(out, Summary{Container: c, State: st})
		}
	}
	slices.SortStableFunc(out, func(a, b Summary) int { return b.Container.Created.Compare(a.Container.Created) })
	if o.Last > 0 && len(out) > o.Last {
		out = out[:o.Last]
	}
	if o.Size {
		err = m.addSizes(ctx, out)
	}
	order(out, o.Sort)
	return out, err
}

// all reports whether containers that do not run are asked for, too.
func (o *ListOpts) all() bool { return o.All || o.Last > 0 || len(o.Filters["status"]) > 0 }

// listed is the ids of the containers that o may ask for.
func (m *Manager) listed(o *ListOpts) ([]string, error) {
	if o.all() {
		return m.Store.ContainerIDs()
	}
	return m.Store.SupervisedIDs()
}

// glance is what look says of a container.
type glance struct {
	c   *record.Container
	st  *record.State
	err error
}

// many is from how many containers on they are looked at side by side.
const many = 32

// lookAll looks at containers.
func (m *Manager) lookAll(ids []string) []glance {
	out := make([]glance, len(ids))
	workers := 1
	if len(ids) > many {
		runtime.SetDefaultGOMAXPROCS()
		workers = runtime.GOMAXPROCS(0)
	}
	var g sync.WaitGroup
	for w := range workers {
		g.Go(func() {
			for i := w; i < len(ids); i += workers {
				l := &out[i]
				l.c, l.st, l.err = m.look(ids[i])
			}
		})
	}
	g.Wait()
	return out
}

// leaving reports whether c is a container of --rm that has ended and is being
// removed right now: its run has been answered already.
func (m *Manager) leaving(c *record.Container, st *record.State) bool {
	if !c.Policy.AutoRemove || Alive(st) && !m.stale(st) || st.Status == record.Created || st.Status == record.Creating {
		return false
	}
	if m.supervised(c.ID) || m.owned(st) {
		return true
	}
	_, err := m.Store.Container(c.ID)
	return errs.Is(err, errs.NotFound) // gone by now
}
