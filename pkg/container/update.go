package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// updateTimeout is how long new limits may take: for a lower limit of memory the
// kernel writes pages out.
const updateTimeout = time.Minute

// Change is what Update changes.
type Change struct {
	Limits      func(*record.Resources) error // changes them in place; nil: none
	Restart     *record.Restart
	Labels      record.Labels      // set
	NoLabels    []string           // removed
	Annotations record.Labels      // set; for the OCI runtime, from the next start on
	Env         []string           // K=V sets and K removes, from the next start on
	DiskQuotas  []record.DiskQuota // instead of those that it has; nil: as they are
	QuotaID     *int64             // nil: as it is
}

// Update changes limits, restart policy, labels, annotations and environment of
// the container that target names: its record first, durably, then what runs.
// When that refuses the limits the record is as it was. A crash in between leaves
// the record changed and what runs not: to repeat it helps. The warnings are of
// limits that this host cannot keep. Idempotent. The kinds are not_found, conflict
// for a container that is being made or removed, invalid and unsupported.
func (m *Manager) Update(ctx context.Context, target string, ch Change) (warnings []string, err error) {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return nil, err
	}
	lock, err := m.Store.Lock(ctx, "c", id)
	if err != nil {
		return nil, err
	}
	c, warnings, err := m.updateLocked(ctx, id, ch)
	if err == nil {
		m.event(c, "update", nil)
	}
	left := m.handBack(ctx, lock, id)
	if err != nil {
		return warnings, fmt.Errorf("cannot update container %s: %w", target, err)
	}
	return warnings, left
}

func (m *Manager) updateLocked(ctx context.Context, id string, ch Change) (c *record.Container, warnings []string, err error) {
	old, st, err := m.look(id)
	if err != nil {
		return nil, nil, err
	}
	if st.Status == record.Creating || st.Status == record.Removing {
		return nil, nil, errs.New(errs.Conflict, "it is %s", st.Status)
	}
	if c, err = m.Store.Container(id); err != nil {
		return nil, nil, err
	}
	if err := ch.apply(c); err != nil {
		return nil, nil, err
	}
	if ch.DiskQuotas != nil || ch.QuotaID != nil {
		if err := m.planProjects(c, old.Projects); err != nil {
			return nil, nil, err
		}
	}
	if warnings, err = FitLimits(&c.Host); err != nil {
		return nil, nil, err
	}
	if err := m.Store.SetContainer(c); err != nil {
		return nil, warnings, err
	}
	if err := m.updateDisk(ctx, c, old); err != nil {
		return nil, warnings, errors.Join(err, m.Store.SetContainer(old))
	}
	if !m.supervised(id) {
		return c, warnings, nil
	}
	_, err = m.ask(ctx, id, &ctl.Message{Op: ctl.Update}, updateTimeout, ctl.OK)
	if err != nil && m.over(id) {
		err = nil // just now: the next start has the new limits
	} else if errors.Is(err, errNoSupervisor) {
		err = m.unreachable(id)
	}
	if err != nil {
		return nil, warnings, errors.Join(err, m.Store.SetContainer(old))
	}
	return c, warnings, nil
}

// over reports whether the container's last life is over, whatever its
// supervisor still does.
func (m *Manager) over(id string) bool {
	st, err := m.Store.State(id)
	return err == nil && (!Alive(st) || m.stale(st))
}

// apply changes the record.
func (ch *Change) apply(c *record.Container) error {
	if ch.Limits != nil {
		if err := ch.Limits(&c.Host.Resources); err != nil {
			return err
		}
	}
	if ch.Restart != nil {
		if c.Policy.AutoRemove && ch.Restart.Name != "" && ch.Restart.Name != "no" {
			return errs.New(errs.Invalid, "Restart policy cannot be updated because AutoRemove is enabled for the container")
		}
		c.Policy.Restart = *ch.Restart
	}
	if ch.DiskQuotas != nil {
		c.DiskQuotas = ch.DiskQuotas
		if len(c.DiskQuotas) == 0 {
			c.QuotaID = 0
		}
	}
	if ch.QuotaID != nil {
		c.QuotaID = *ch.QuotaID
	}
	c.Labels = merged(c.Labels, ch.Labels, ch.NoLabels)
	c.Annotations = merged(c.Annotations, ch.Annotations, nil)
	if len(ch.Env) > 0 {
		c.Process.Env = spec.MergeEnv(c.Process.Env, ch.Env)
		if c.Given != nil {
			c.Given.Env = append(c.Given.Env, ch.Env...)
		}
	}
	return nil
}

// merged is old with over set and the keys in without removed.
func merged(old, over record.Labels, without []string) record.Labels {
	if len(over) == 0 && len(without) == 0 {
		return old
	}
	out := record.Labels{}
	maps.Copy(out, old)
	maps.Copy(out, over)
	for _, k := range without {
		delete(out, k)
	}
	return out
}
