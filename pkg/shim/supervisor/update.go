package supervisor

import (
	"errors"
	"reflect"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/spec/hostfacts"
)

// update gives the container the limits that its record on disk has by now, in
// this life and those to come, and takes over what reread does. On error the
// limits are those of before.
func (t *task) update() error {
	c, err := t.s.store.Container(t.id)
	if err != nil {
		return err
	}
	if err := t.limit(spec.Pinned(c, hostfacts.Processors())); err != nil {
		return err
	}
	return t.reread()
}

// limit brings the limits in force to r.
func (t *task) limit(r record.Resources) error {
	t.limits.Lock()
	defer t.limits.Unlock()
	old := spec.Pinned(t.rec, hostfacts.Processors())
	if t.limited != nil {
		old = *t.limited
	}
	if reflect.DeepEqual(old, r) {
		return nil
	}
	host, err := hostfacts.Limits(r, old)
	if err != nil {
		return err
	}
	kernel := hostfacts.Kernel()
	if err := t.setLimits(spec.Changes(old, r, host, kernel)); err != nil {
		return errors.Join(err, t.setLimits(spec.Changes(r, old, host, kernel)))
	}
	t.limited = &r
	return nil
}

// setLimits changes the container of this life, if there is one, and the spec of
// the next; t.limits is held.
func (t *task) setLimits(r *specs.LinuxResources) error {
	if c, phase := t.current(); phase == created || phase == running {
		if err := c.Update(r); err != nil {
			return err
		}
	}
	t.opts.Spec.Linux.Resources = engine.MergeResources(t.opts.Spec, r).Linux.Resources
	return nil
}
