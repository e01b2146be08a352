package container

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/lxcfs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// surveyCgroups looks for cgroups of containers that are gone or have ended.
func (m *Manager) surveyCgroups(context.Context) ([]Leftover, error) {
	parent, err := cgroup.Of(m.Store.CgroupParent())
	if err != nil {
		return nil, err
	}
	slice, err := cgroup.Of("/" + spec.DefaultSlice)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, dir := range append(parent.Paths(), slice.Paths()...) {
		names, err := entries(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			id := m.cgroupOwner(name)
			if isID(id) && !m.supervised(id) && !exists(m.Store.RunDir(id)) {
				out = append(out, Leftover{"cgroup", dir + "/" + name, id, "nothing of it runs"})
			}
		}
	}
	return out, nil
}

// cgroupOwner is the container whose cgroup, or scope of systemd's, has that
// name.
func (m *Manager) cgroupOwner(name string) string {
	before, after, _ := strings.Cut(spec.Scope("*", m.Store.CgroupParent()), "*")
	return strings.TrimSuffix(strings.TrimPrefix(name, before), after)
}

// PruneCgroups removes the cgroup that holds those of the containers when it is
// empty; the next container makes it anew. Idempotent.
func (m *Manager) PruneCgroups() error {
	parent, err := cgroup.Of(m.Store.CgroupParent())
	if err != nil {
		return err
	}
	return parent.Prune()
}

// surveyNetwork looks for what containers and netns that are gone have left of
// networks.
func (m *Manager) surveyNetwork(ctx context.Context) ([]Leftover, error) {
	found, err := m.Network.Leftovers(ctx, m.exists)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, l := range found {
		out = append(out, Leftover{l.Kind, l.Name, l.Owner, l.Reason})
	}
	return out, nil
}

// surveyVolumes looks for volumes that were never finished.
func (m *Manager) surveyVolumes(ctx context.Context) ([]Leftover, error) {
	found, err := m.Volume.Leftovers(ctx)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, l := range found {
		out = append(out, Leftover{l.Kind, l.Name, l.Owner, l.Reason})
	}
	return out, nil
}

// surveyStale looks for records that a command was killed at writing.
func (m *Manager) surveyStale(ctx context.Context) ([]Leftover, error) {
	paths, err := m.Store.Stale(ctx)
	var out []Leftover
	for _, p := range paths {
		out = append(out, Leftover{"file", p, staleOwner, "the command that wrote it died"})
	}
	return out, err
}

// imageOwner stands for the owner of leases of commands that fetched an image.
const imageOwner = "image"

// staleOwner stands for the owner of files that surveyStale finds.
const staleOwner = "records"

// Clear removes leftovers, and returns those that it has removed. The others are
// removed also when one cannot be; the error says why that is. Idempotent.
func (m *Manager) Clear(ctx context.Context, found []Leftover) (done []Leftover, err error) {
	spent := m.Network.StrayCNI(m.exists)
	done, err = m.clearEach(ctx, found)
	if e := m.Network.Clean(ctx, m.exists); e != nil {
		return done, e
	}
	m.Network.GC(ctx, spent)
	return done, firstError(err, m.Volume.Clean(ctx))
}

// clearEach removes one after the other. The error is the first of those that happened.
func (m *Manager) clearEach(ctx context.Context, found []Leftover) (done []Leftover, err error) {
	owners := map[string]error{} // how it went with those that were cleared
	for _, l := range found {
		clear, known := m.clearer(l)
		if !known {
			continue
		}
		e, again := owners[l.Owner]
		if !again || l.Kind == nameKind {
			e = clear(ctx)
		}
		if l.Kind != nameKind {
			owners[l.Owner] = e
		}
		if e = firstError(e); e == nil {
			done = append(done, l)
		}
		err = firstError(err, e)
	}
	return done, err
}

// clearer is what removes a leftover, with all that has the same owner, unless it is a
// name; not known when Network and Volume do it.
func (m *Manager) clearer(l Leftover) (clear func(context.Context) error, known bool) {
	switch {
	case l.Kind == nameKind:
		return func(ctx context.Context) error { return m.Store.RepairName(ctx, l.Name) }, true
	case l.Owner == imageOwner:
		return m.clearImageLeases, true
	case l.Owner == staleOwner:
		return m.Store.RemoveStale, true
	case l.Owner == lxcfsOwner:
		return func(ctx context.Context) error { return lxcfs.Of(m.Store).Release(ctx, "") }, true
	case isID(l.Owner):
		return func(ctx context.Context) error { return m.clearOwner(ctx, l.Owner) }, true
	}
	return nil, false
}

func (m *Manager) clearImageLeases(ctx context.Context) error {
	cl, err := m.engine(ctx)
	if err == nil {
		_, err = images.Reap(ctx, cl.Conn, cl.Namespace)
	}
	return err
}

// clearOwner reaps a container that is on disk, and destroys what has none.
func (m *Manager) clearOwner(ctx context.Context, id string) error {
	if m.exists(id) {
		return m.Reap(ctx, id)
	}
	return m.Destroy(ctx, id, false)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
