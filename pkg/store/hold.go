package store

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// A hold is an empty file among the locks, h-VOLUME@HOLDER: its name says all.
const (
	holdPrefix = "h-"
	byUser     = "user" // the holder until it is let go
)

func (s *Store) hold(volume, holder string) string {
	return filepath.Join(s.locks(), holdPrefix+volume+"@"+holder)
}

func holder(p *record.Proc) string {
	if p == nil {
		return byUser
	}
	return fmt.Sprintf("%d-%d", p.Pid, p.Start)
}

// HoldVolume notes that a volume is in use without a container: until it is let go,
// and with me not longer than that process lives either. Idempotent.
func (s *Store) HoldVolume(volume string, me *record.Proc) (letGo func() error, err error) {
	path := s.hold(volume, holder(me))
	f, err := fsx.OpenOwn(path, 0)
	if err != nil {
		return nil, err
	}
	return func() error { return removeIfThere(path) }, f.Close()
}

// LetGoVolume ends the hold that has no process. Idempotent.
func (s *Store) LetGoVolume(volume string) error { return removeIfThere(s.hold(volume, byUser)) }

// VolumeHeld reports whether somebody holds the volume.
func (s *Store) VolumeHeld(volume string) (bool, error) {
	paths, err := fsx.Prefixed(s.locks(), holdPrefix+volume+"@")
	if err != nil {
		return false, err
	}
	for _, p := range paths {
		if _, alive := holds(p); alive {
			return true, nil
		}
	}
	return false, nil
}

// StaleHold is a hold of a process that has ended.
type StaleHold struct{ Path, Volume string }

// StaleHolds lists them.
func (s *Store) StaleHolds() ([]StaleHold, error) {
	paths, err := fsx.Prefixed(s.locks(), holdPrefix)
	var out []StaleHold
	for _, p := range paths {
		if volume, alive := holds(p); !alive {
			out = append(out, StaleHold{p, volume})
		}
	}
	return out, err
}

// Drop removes it. Idempotent.
func (h StaleHold) Drop() error { return removeIfThere(h.Path) }

// holds reads a hold's name.
func holds(path string) (volume string, alive bool) {
	volume, who, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), holdPrefix), "@")
	if who == byUser {
		return volume, true
	}
	var p record.Proc
	if _, err := fmt.Sscanf(who, "%d-%d", &p.Pid, &p.Start); err != nil {
		return volume, false
	}
	return volume, proc.Alive(p)
}
