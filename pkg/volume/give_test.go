package volume

import (
	"context"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func ownerOf(t *testing.T, path string) [2]uint32 {
	t.Helper()
	st := lstat(t, path)
	return [2]uint32{st.Uid, st.Gid}
}

func TestGive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, outside := t.TempDir(), t.TempDir()
	must(t, os.MkdirAll(dir+"/a/b", 0o755))
	file(t, dir+"/a/b/f", "x")
	file(t, outside+"/f", "x")
	must(t, os.Symlink(outside, dir+"/a/link"))
	must(t, os.Symlink(outside+"/f", dir+"/file"))
	must(t, os.Mkdir(dir+"/mounted", 0o755))
	must(t, mount.Mount{Type: "tmpfs", Source: "tmpfs"}.At(dir+"/mounted"))
	defer unix.Unmount(dir+"/mounted", unix.MNT_DETACH)
	file(t, dir+"/mounted/f", "x")
	mt := record.Mount{Type: "bind", Source: dir, Destination: "/d"}
	for range 2 {
		must(t, Give(context.Background(), mt, 1234, 5678))
	}
	for _, p := range []string{dir, dir + "/a", dir + "/a/b/f", dir + "/a/link", dir + "/file"} {
		if ownerOf(t, p) != [2]uint32{1234, 5678} {
			t.Errorf("%s belongs to %v", p, ownerOf(t, p))
		}
	}
	for _, p := range []string{outside, outside + "/f", dir + "/mounted/f"} {
		if ownerOf(t, p) != [2]uint32{0, 0} {
			t.Errorf("%s was given away", p)
		}
	}
	for _, p := range []string{"/", "/etc", "/usr/bin", "/proc/self"} {
		if err := Give(context.Background(), record.Mount{Type: "bind", Source: p, Destination: "/d"}, 0, 0); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestGiveNew(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	empty, used := t.TempDir(), t.TempDir()
	file(t, used+"/f", "x")
	for dir, want := range map[string]uint32{empty: 1234, used: 0} {
		must(t, GiveNew(record.Mount{Type: "volume", Source: dir}, 1234, 5678))
		if ownerOf(t, dir)[0] != want {
			t.Errorf("%s belongs to %v", dir, ownerOf(t, dir))
		}
	}
}
