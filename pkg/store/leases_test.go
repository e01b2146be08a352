package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// noFolders puts what is no folder at a path; elsewhere is where the link leads.
func noFolders(elsewhere string) map[string]func(path string) error {
	return map[string]func(string) error{
		"a file":   func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"a fifo":   func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a circle": func(path string) error { return os.Symlink(path, path) },
		"a link":   func(path string) error { return os.Symlink(elsewhere, path) },
	}
}

// What is no folder in the place of a network's leases is as none: it hangs nobody, the
// other networks are read, and it goes with the next lease or with the network.
func TestLeasesThatAreNoFolder(t *testing.T) {
	elsewhere := t.TempDir()
	for what, put := range noFolders(elsewhere) {
		s := odd(t)
		other := filepath.Join(elsewhere, "10.0.0.2")
		path := filepath.Join(s.leases(), "bad")
		if err := errors.Join(os.WriteFile(other, nil, 0o600), s.MakeLeases("good"), put(path)); err != nil {
			t.Fatal(err)
		}
		if names, err := s.LeaseNetworks(); err != nil || len(names) != 1 || names[0] != "good" {
			t.Errorf("%s: networks %v, %v", what, names, err)
		}
		if ips, err := s.Leases("bad"); err != nil || len(ips) != 0 {
			t.Errorf("%s: leases %v, %v", what, ips, err)
		}
		if _, err := s.LockLeases(t.Context(), "bad"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the lock: %v", what, err)
		}
		if err := s.RemoveLeases("bad"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s outlives its network", what)
		}
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.MakeLeases("bad"), s.CreateLease("bad", "10.0.0.3", &record.Lease{Netns: "n"})); err != nil {
			t.Errorf("%s: a lease in its place: %v", what, err)
		}
		if left, err := os.ReadDir(elsewhere); err != nil || len(left) != 1 {
			t.Errorf("%s: what a link leads to has changed: %v, %v", what, left, err)
		}
	}
}

// What is no folder in the place of a volume hangs nobody, has no leftovers and can be
// set aside; what a link leads to stays.
func TestVolumeThatIsNoFolder(t *testing.T) {
	elsewhere := t.TempDir()
	other := filepath.Join(elsewhere, "other")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, put := range noFolders(elsewhere) {
		s := odd(t)
		if err := put(s.VolumeDir("bad")); err != nil {
			t.Fatal(err)
		}
		if left, err := s.Stale(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("%s: leftovers %v, %v", what, left, err)
		}
		aside, err := s.SetVolumeAside("bad")
		if err == nil {
			err = os.RemoveAll(aside)
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Lstat(s.VolumeDir("bad")); err == nil {
			t.Errorf("%s keeps the volume's name", what)
		}
		if _, err := os.Stat(other); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
