package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// byUser is the name of the hold that stays until it is let go.
const byUser = "user"

func (s *Store) holds(volume string) string { return filepath.Join(s.RunRoot, "holds", volume) }

// HoldVolume notes that a volume is in use without a container: until let go, and
// with me also no longer than that process lives. Idempotent.
func (s *Store) HoldVolume(volume string, me *record.Proc) (letGo func() error, err error) {
	path := filepath.Join(s.holds(volume), holder(me))
	for range 100 {
		if err := os.MkdirAll(s.holds(volume), 0o700); err != nil {
			return nil, err
		}
		err = fsx.WriteJSONVolatile(path, me, 0o600)
		if !errors.Is(err, fs.ErrNotExist) { // else the last hold has just gone, and the folder with it
			break
		}
	}
	return func() error { return s.letGo(volume, path) }, err
}

func holder(p *record.Proc) string {
	if p == nil {
		return byUser
	}
	return fmt.Sprintf("%d-%d", p.Pid, p.Start)
}

// LetGoVolume ends the hold that has no process. Idempotent.
func (s *Store) LetGoVolume(volume string) error {
	return s.letGo(volume, filepath.Join(s.holds(volume), byUser))
}

func (s *Store) letGo(volume, path string) error {
	if err := removeIfThere(path); err != nil {
		return err
	}
	if os.Remove(s.holds(volume)) == nil { // while there is another one it fails
		os.Remove(filepath.Dir(s.holds(volume)))
	}
	return nil
}

// VolumeHeld reports whether somebody holds the volume. What is left of processes
// that have ended is removed.
func (s *Store) VolumeHeld(volume string) (bool, error) {
	entries, err := os.ReadDir(s.holds(volume))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, e := range entries {
		if e.Name() == byUser {
			return true, nil
		}
		if fsx.IsTemp(e.Name()) {
			continue
		}
		path := filepath.Join(s.holds(volume), e.Name())
		p, err := s.ReadProc(path)
		if err == nil && proc.Alive(p) {
			return true, nil
		}
		if err := s.letGo(volume, path); err != nil {
			return false, err
		}
	}
	return false, nil
}
