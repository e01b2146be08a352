package container

import (
	"context"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// StatsOpts says what Stats watches.
type StatsOpts struct {
	Targets  []string      // none: those that run, as they come and go
	All      bool          // without targets: also those that do not run
	Once     bool          // one answer
	Interval time.Duration // between two answers, and before the first
	Warn     func(error)   // told of containers that cannot be read
}

// Stat is what a container used of the host up to now. One that does not run
// uses nothing.
type Stat struct {
	Container      *record.Container
	Target         string // as named; without a name its id
	Usage          cgroup.Usage
	MemoryLimit    uint64  // bytes: what it may have at most on this host
	CPUPercent     float64 // of one processor, since the answer before
	Received, Sent uint64  // bytes over its links; 0 with the host's network

	at      time.Time
	life    record.Proc // process 1; zero: it does not run
	started time.Time
}

// Stats tells show what containers use, again and again until ctx ends, which
// is no error, or none of the named is left. All is read from the files of their
// cgroups and network namespaces: no supervisor is asked. A target that is not
// there is of kind not_found, and an error of show ends it.
func (m *Manager) Stats(ctx context.Context, o StatsOpts, show func([]Stat) error) error {
	named, err := m.resolveAll(o.Targets)
	if err != nil {
		return err
	}
	total := memTotal()
	before := map[string]Stat{}
	tick := time.NewTicker(o.Interval)
	defer tick.Stop()
	for round := 0; ; round++ {
		list, err := m.sample(ctx, o, named, total)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if len(o.Targets) > 0 && len(list) == 0 {
			return nil
		}
		before = rates(list, before)
		if round > 0 {
			if err := show(list); err != nil || o.Once {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

type namedTarget struct{ id, name string }

func (m *Manager) resolveAll(targets []string) ([]namedTarget, error) {
	var out []namedTarget
	for _, t := range targets {
		id, err := m.Store.ResolveContainer(t)
		if err != nil {
			return nil, err
		}
		out = append(out, namedTarget{id, t})
	}
	return out, nil
}

// sample reads all that is to be shown, once.
func (m *Manager) sample(ctx context.Context, o StatsOpts, named []namedTarget, total uint64) ([]Stat, error) {
	var out []Stat
	if len(named) == 0 {
		list, err := m.List(ctx, ListOpts{All: o.All, Warn: o.Warn})
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			out = append(out, m.stat(s.Container, s.State, s.Container.ID, total))
		}
		return out, nil
	}
	for _, t := range named {
		c, st, err := m.look(t.id)
		if errs.Is(err, errs.NotFound) {
			continue // it was removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		out = append(out, m.stat(c, st, t.name, total))
	}
	return out, nil
}

// rates fills in what each uses a second, against the answer before, or since the
// start of a container that was not there then.
func rates(list []Stat, before map[string]Stat) map[string]Stat {
	now := make(map[string]Stat, len(list))
	for i := range list {
		s := &list[i]
		used, since := s.Usage.CPU, s.started
		if old, ok := before[s.Container.ID]; ok && old.life == s.life {
			used, since = s.Usage.CPU-old.Usage.CPU, old.at
		}
		if wall := s.at.Sub(since); wall > 0 && used > 0 && s.life.Pid != 0 {
			s.CPUPercent = 100 * float64(used) / float64(wall)
		}
		now[s.Container.ID] = *s
	}
	return now
}
