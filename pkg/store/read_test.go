package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Whatever lies in the place of a record: its kind is corrupt, the path is told,
// and nothing blocks.
func TestBrokenRecords(t *testing.T) {
	s, err := Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("a", 64)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.CreateContainer(&record.Container{ID: id}, &record.State{Status: record.Created}))
	must(s.CreateNetwork(&record.Network{Name: "n1", ID: id}))
	must(s.CreateVolume(&record.Volume{Name: "v1"}))
	for path, read := range map[string]func() error{
		filepath.Join(s.ContainerDir(id), "config.json"): func() error { _, err := s.Container(id); return err },
		filepath.Join(s.ContainerDir(id), "state.json"):  func() error { _, err := s.State(id); return err },
		filepath.Join(s.networks(), "n1.json"):           func() error { _, err := s.Network("n1"); return err },
		filepath.Join(s.VolumeDir("v1"), "volume.json"):  func() error { _, err := s.Volume("v1"); return err },
	} {
		must(read())
		for _, text := range []string{"", "{", "null", "{}", "[]", "7", `{"schemaVersion":1}`, `{"id":7,"name":7,"status":7}`, `{"id":"b","name":"b","status":""}`, strings.Repeat("\x00", 99)} {
			must(os.WriteFile(path, []byte(text), 0o600))
			if err := read(); !errs.Is(err, errs.Corrupt) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s with %.20q: %v", path, text, err)
			}
		}
		must(os.WriteFile(path, []byte(`{"schemaVersion":99}`), 0o600))
		if err := read(); !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s of a newer schema: %v", path, err)
		}
		for _, odd := range []func() error{
			func() error { return os.Symlink("/etc/passwd", path) },
			func() error { return os.Mkdir(path, 0o700) },
		} {
			must(os.Remove(path))
			must(odd())
			if err := read(); !errs.Is(err, errs.Corrupt) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
