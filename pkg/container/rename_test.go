package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestRename(t *testing.T) {
	w := newWorld(t)
	c := w.add("old", record.State{Status: record.Created}, nil)
	if err := w.Rename(context.Background(), "old", "new"); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Store.Container(c.ID); err != nil || got.Name != "new" {
		t.Errorf("%+v, %v", got, err)
	}
	names, err := w.Store.Names()
	if err != nil || len(names) != 1 || names["new"] != c.ID {
		t.Errorf("names: %v, %v", names, err)
	}
}

// A rename whose record cannot be written gives the new name back.
func TestFailedRenameClaimsNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	w := newWorld(t)
	c := w.add("old", record.State{Status: record.Created}, nil)
	dir := w.Store.ContainerDir(c.ID)
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	if err := unix.Mount("", dir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.Rename(context.Background(), "old", "new"); err == nil {
		t.Error("a record on a read-only file system was written")
	}
	names, err := w.Store.Names()
	if err != nil || len(names) != 1 || names["old"] != c.ID {
		t.Errorf("names: %v, %v", names, err)
	}
}

// A rename waits for no writer of a fifo in the place of the state, and changes nothing
// of a container that is damaged.
func TestRenameOfDamaged(t *testing.T) {
	w := newWorld(t)
	c := w.add("old", record.State{Status: record.Created}, nil)
	path := filepath.Join(w.Store.ContainerDir(c.ID), "state.json")
	if err := errors.Join(os.Remove(path), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	err := w.Rename(context.Background(), "old", "new")
	if !errs.Is(err, errs.Corrupt) || !strings.Contains(fmt.Sprint(err), path) || !strings.Contains(fmt.Sprint(err), "pouch-run rm -f") {
		t.Errorf("a container with a fifo as state: %v", err)
	}
	names, err := w.Store.Names()
	if err != nil || len(names) != 1 || names["old"] != c.ID {
		t.Errorf("names: %v, %v", names, err)
	}
}
