package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// volumeRecord is the name of a volume's record in its folder.
const volumeRecord = "volume.json"

// VolumeDir is the folder of a volume: its record and its data.
func (s *Store) VolumeDir(name string) string { return filepath.Join(s.Volumes(), name) }

// VolumeData is the folder that containers see of a volume.
func (s *Store) VolumeData(name string) string { return filepath.Join(s.VolumeDir(name), "_data") }

// VolumeStaging is where a volume is made before it has its name, and where it
// lies once it has lost it. Whoever holds the volume's lock owns it; when
// nobody does, it is a leftover.
func (s *Store) VolumeStaging(name string) string {
	return filepath.Join(s.Volumes(), fsx.TempPrefix+name)
}

// CreateVolume makes a volume's folder, its empty data and its record in one
// durable step. An existing volume gives an error that is fs.ErrExist. The
// caller holds the volume's lock.
func (s *Store) CreateVolume(v *record.Volume) error {
	if err := s.CreateVolumeWith(v, func(string) error { return nil }); err != nil {
		return errors.Join(err, os.RemoveAll(s.VolumeStaging(v.Name)))
	}
	return nil
}

// CreateVolumeWith is CreateVolume; ready gets the data's folder when the record
// is on disk beside it, before the volume has its name. After an error the caller
// undoes what ready has done, and removes what lies at VolumeStaging.
func (s *Store) CreateVolumeWith(v *record.Volume, ready func(data string) error) error {
	v.SchemaVersion = record.SchemaVersion
	tmp := s.VolumeStaging(v.Name)
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := s.stageVolume(tmp, v); err != nil {
		return err
	}
	if err := ready(filepath.Join(tmp, "_data")); err != nil {
		return err
	}
	return fsx.MoveDir(tmp, s.VolumeDir(v.Name))
}

// stageVolume fills tmp. The folder is closed to all but root: what an image
// puts into a volume must not be within reach of the host's users.
func (s *Store) stageVolume(tmp string, v *record.Volume) error {
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	data := filepath.Join(tmp, "_data")
	if err := os.Mkdir(data, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(data, 0o755); err != nil { // whatever the umask
		return err
	}
	return fsx.WriteJSON(filepath.Join(tmp, volumeRecord), v, 0o600)
}

// Volume reads a volume's record.
func (s *Store) Volume(name string) (*record.Volume, error) {
	v := &record.Volume{}
	path := filepath.Join(s.VolumeDir(name), volumeRecord)
	if err := readJSON(path, v); err != nil {
		return v, err
	}
	return v, belongs(path, "the volume's", v.Name == name)
}

// StagedVolume reads the record of what lies at VolumeStaging.
func (s *Store) StagedVolume(name string) (*record.Volume, error) {
	v := &record.Volume{}
	return v, readJSON(filepath.Join(s.VolumeStaging(name), volumeRecord), v)
}

// SetVolume replaces a volume's record, durably.
func (s *Store) SetVolume(v *record.Volume) error {
	v.SchemaVersion = record.SchemaVersion
	return fsx.WriteJSON(filepath.Join(s.VolumeDir(v.Name), volumeRecord), v, 0o600)
}

// SetVolumeAside takes a volume's name away, durably, and returns the path
// where its folder lies now, to be removed. Idempotent: of a volume that is
// gone it returns the path of what is left, if anything. The caller holds the
// volume's lock.
func (s *Store) SetVolumeAside(name string) (string, error) {
	tmp := s.VolumeStaging(name)
	st, err := os.Lstat(s.VolumeDir(name))
	if errors.Is(err, fs.ErrNotExist) {
		return tmp, nil
	}
	if err := os.RemoveAll(tmp); err != nil {
		return "", err
	}
	if err == nil && !st.IsDir() { // nothing in it has to be durable
		return tmp, fsx.MoveVolatile(s.VolumeDir(name), tmp)
	}
	return tmp, fsx.MoveDir(s.VolumeDir(name), tmp)
}

// VolumeNames lists the volumes on disk, broken ones too, sorted.
func (s *Store) VolumeNames() ([]string, error) {
	return list(s.Volumes(), func(string) bool { return true })
}

// StagedVolumes lists the names of which something lies at VolumeStaging.
func (s *Store) StagedVolumes() ([]string, error) {
	entries, err := os.ReadDir(s.Volumes())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Name(), fsx.TempPrefix); ok {
			out = append(out, name)
		}
	}
	return out, err
}
