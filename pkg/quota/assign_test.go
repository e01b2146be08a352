package quota

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
)

// Assign does all of a tree, follows no link, stays in the filesystem, and waits
// for no fifo. xfs keeps projects also where the kernel has no quotas of it.
func TestAssignTree(t *testing.T) {
	for _, f := range []struct{ name, mkfs, options string }{{"ext4", quotatest.Ext4, "prjquota"}, {"xfs", quotatest.XFS, "defaults"}} {
		t.Run(f.name, func(t *testing.T) {
			quotatest.Apart(t)
			assignTree(t, quotatest.Disk(t, f.mkfs, f.options))
		})
	}
}

func assignTree(t *testing.T, at string) {
	top, out := mkdir(t, at, "top"), mkdir(t, at, "out")
	sub, over := mkdir(t, top, "a", "b"), mkdir(t, top, "over")
	file, outside := filepath.Join(sub, "f"), filepath.Join(out, "f")
	must(t, os.WriteFile(file, []byte("x"), 0o000))
	must(t, os.WriteFile(outside, []byte("x"), 0o600))
	must(t, os.Symlink(outside, filepath.Join(sub, "link")))
	must(t, os.Symlink(out, filepath.Join(sub, "dirlink")))
	must(t, unix.Mkfifo(filepath.Join(sub, "fifo"), 0o600))
	must(t, unix.Mount("tmpfs", over, "tmpfs", 0, "size=64k"))
	defer unix.Unmount(over, 0) // the namespace ends anyway

	const id = Containers + 1
	for range 2 {
		must(t, Assign(context.Background(), top, id))
	}
	want := map[string]uint32{top: id, sub: id, file: id, out: 0, outside: 0, filepath.Join(at): 0}
	if AssignsAll() {
		want[filepath.Join(sub, "link")], want[filepath.Join(sub, "dirlink")], want[filepath.Join(sub, "fifo")] = id, id, id
	}
	for path, id := range want {
		if got := projectOf(t, path); got != id {
			t.Errorf("%s belongs to %d, not %d", path, got, id)
		}
	}
	made := mkdir(t, sub, "later")
	if got, err := Of(made); got != id || err != nil {
		t.Errorf("a new folder belongs to %d, %v", got, err)
	}
}

func TestAssignEnds(t *testing.T) {
	quotatest.Apart(t)
	at := quotatest.Disk(t, quotatest.XFS, "defaults")
	mkdir(t, at, "top", "a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Assign(ctx, filepath.Join(at, "top"), Volumes); err == nil {
		t.Error("no error")
	}
	must(t, os.Symlink("top", filepath.Join(at, "link")))
	if err := Assign(context.Background(), filepath.Join(at, "link"), Volumes); err == nil {
		t.Error("a link was followed")
	}
}
