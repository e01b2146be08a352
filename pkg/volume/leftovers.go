package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Leftover is something that a crash or a power cut left behind.
type Leftover struct {
	Kind   string // staging, copy, volume or mount
	Name   string // its path
	Owner  string // the volume's name
	Reason string // why nothing needs it
}

// The kinds of leftovers.
const (
	staging = "volume staging" // half made or half removed
	filling = "volume copy"    // half copied from an image
	filled  = "volume content" // copied, not all of it in its place
	empty   = "volume folder"  // without a record and without data
	idle    = "volume mount"   // and no container runs with it
	foreign = "volume storage" // that a driver has half made or half removed

	halfSnapshot = "volume snapshot" // likewise
	staleHold    = "volume hold"     // of a command that was killed
)

// Leftovers lists what Clean removes. What a running command works
// on is not among it. A folder that has data but no record is nobody's to throw
// away: List tells it, and Remove removes it when it is asked to.
func (m *Manager) Leftovers(ctx context.Context) ([]Leftover, error) {
	half, err := m.s.StagedVolumes()
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, n := range half {
		out = append(out, Leftover{staging, m.s.VolumeStaging(n), n, "a volume half made or half removed"})
	}
	names, err := m.s.VolumeNames()
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		more, err := m.leftoversOf(n)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	snapshots, err := m.halfSnapshots()
	if err != nil {
		return nil, err
	}
	holds, err := m.staleHolds()
	if err != nil {
		return nil, err
	}
	out, err = m.unlocked(ctx, out)
	return slices.Concat(out, snapshots, holds), err
}

func (m *Manager) leftoversOf(name string) ([]Leftover, error) {
	var out []Leftover
	v, err := m.s.Volume(name)
	if errs.Is(err, errs.NotFound) && m.isLeft(name) && m.dataEmpty(name) {
		return []Leftover{{empty, m.s.VolumeDir(name), name, "a volume without a record and without data"}}, nil
	}
	if err != nil {
		return nil, nil //nolint:nilerr // broken: List tells it
	}
	if _, err := os.Lstat(m.fillDir(name)); err == nil {
		out = append(out, Leftover{filling, m.fillDir(name), name, "the copy of an image's content was not completed"})
	}
	if _, err := os.Lstat(m.filledDir(name)); err == nil {
		out = append(out, Leftover{filled, m.filledDir(name), name, "the copy of an image's content was not all moved to its place"})
	}
	if !onDevice(v) {
		return out, nil
	}
	if half := halfDone(v); half != "" {
		return append(out, Leftover{foreign, m.s.VolumeDir(name), name, half}), nil
	}
	on, err := m.isHere(v)
	if err != nil || !on {
		return out, err
	}
	if busy, err := m.busy(name, ""); err != nil || busy {
		return out, err
	}
	return append(out, Leftover{idle, m.s.VolumeData(name), name, "no container runs with it"}), nil
}

// unlocked drops from list what a command at work holds the lock of.
func (m *Manager) unlocked(ctx context.Context, list []Leftover) ([]Leftover, error) {
	var out []Leftover
	for _, lo := range list {
		l, err := m.s.TryLock("v", lo.Owner)
		if errors.Is(err, fsx.ErrLocked) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if m.isLeft(lo.Owner) {
			l.Unlock()
		} else {
			l.Remove()
		}
		if _, err := os.Lstat(lo.Name); err == nil {
			out = append(out, lo)
		}
	}
	return out, ctx.Err()
}

// Clean removes every leftover; a complete copy it moves to its place.
// Idempotent.
func (m *Manager) Clean(ctx context.Context) error {
	found, err := m.Leftovers(ctx)
	for _, lo := range found {
		err = errors.Join(err, m.clean(ctx, lo))
	}
	return err
}

// clean removes what Leftovers listed, unless it is none any more.
func (m *Manager) clean(ctx context.Context, lo Leftover) error {
	switch lo.Kind {
	case idle:
		v, err := m.s.Volume(lo.Owner)
		if err == nil {
			err = m.unmountIdle(ctx, v, "")
		}
		return err
	case foreign:
		return m.cleanForeign(ctx, lo.Owner)
	case halfSnapshot:
		return m.cleanSnapshot(ctx, lo.Owner)
	case staleHold:
		return store.StaleHold{Path: lo.Name, Volume: lo.Owner}.Drop()
	}
	l, err := m.lock(ctx, lo.Owner)
	if err != nil {
		return fmt.Errorf("remove %s: %w", lo.Name, err)
	}
	defer l.Unlock()
	switch lo.Kind {
	case staging:
		err = m.clearStaging(lo.Owner)
	case filling:
		err = os.RemoveAll(m.fillDir(lo.Owner))
	case filled:
		err = m.finishLeft(lo.Owner)
	case empty:
		if _, rerr := m.s.Volume(lo.Owner); errs.Is(rerr, errs.NotFound) && m.dataEmpty(lo.Owner) {
			_, err = m.removeLocked(ctx, lo.Owner, false)
		}
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", lo.Name, err)
	}
	return nil
}

// halfDone says what is half done of a volume that a driver keeps.
func halfDone(v *record.Volume) string {
	switch {
	case v.Foreign == nil || v.Foreign.Made && !v.Foreign.Removing:
		return ""
	case v.Foreign.Removing:
		return "driver " + v.Driver + " has not said that it is removed"
	}
	return "driver " + v.Driver + " has not said that it is made"
}

// cleanForeign removes a volume that is half made or half removed, unless it is
// whole by now or has got a user, who completes it.
func (m *Manager) cleanForeign(ctx context.Context, name string) error {
	v, err := m.s.Volume(name)
	if errs.Is(err, errs.NotFound) || err == nil && halfDone(v) == "" {
		return nil
	}
	if err == nil {
		_, err = m.remove(ctx, name, "", false)
	}
	if errs.Is(err, errs.InUse) {
		return nil
	}
	return err
}

// finishLeft goes on with a copy that is complete but not all moved.
func (m *Manager) finishLeft(name string) error {
	v, err := m.s.Volume(name)
	if err != nil {
		return err
	}
	if v.Populated {
		return os.RemoveAll(m.filledDir(name))
	}
	return m.finishFill(v)
}

// isLeft reports whether the volume's folder is there, whatever is in it.
func (m *Manager) isLeft(name string) bool {
	_, err := os.Lstat(m.s.VolumeDir(name))
	return err == nil
}

func (m *Manager) dataEmpty(name string) bool {
	if entries, err := os.ReadDir(m.s.VolumeData(name)); err == nil {
		return len(entries) == 0
	}
	entries, err := os.ReadDir(m.s.VolumeDir(name))
	return err == nil && len(entries) == 0
}
