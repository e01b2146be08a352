package volume

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// image is a root filesystem: an overlay whose lower layer has files, for the
// test to fill.
func image(t *testing.T, fill func(lower string)) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, mount.Mount{Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=755"}}.At(dir))
	t.Cleanup(func() { mount.UnmountBelow(dir) })
	for _, d := range []string{"lower", "upper", "work", "root"} {
		must(t, os.Mkdir(dir+"/"+d, 0o755))
	}
	fill(dir + "/lower")
	must(t, mount.Mount{Type: "overlay", Source: "overlay", Options: []string{
		"index=off", "lowerdir=" + dir + "/lower", "upperdir=" + dir + "/upper", "workdir=" + dir + "/work",
	}}.At(dir+"/root"))
	return dir + "/root"
}

func file(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func newVolume(t *testing.T, m *Manager, name string) {
	t.Helper()
	_, err := m.Create(context.Background(), CreateOptions{Name: name})
	must(t, err)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func lstat(t *testing.T, path string) (st unix.Stat_t) {
	t.Helper()
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return st
}

func TestPopulateKeepsEverything(t *testing.T) {
	m, s := open(t)
	past := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	root := image(t, func(l string) {
		d := l + "/data"
		file(t, d+"/sub/f", "hello")
		must(t, os.Chown(d+"/sub/f", 12, 34))
		must(t, os.Chmod(d+"/sub/f", 0o4751|fs.ModeSetuid))
		must(t, unix.Setxattr(d+"/sub/f", "user.note", []byte("x\x00y"), 0))
		must(t, unix.Setxattr(d+"/sub/f", "security.capability", []byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0))
		must(t, os.Link(d+"/sub/f", d+"/hard"))
		must(t, os.Symlink("/etc/passwd", d+"/sym"))
		must(t, os.Lchown(d+"/sym", 56, 78))
		must(t, os.Link(d+"/sym", d+"/symhard"))
		must(t, unix.Mkfifo(d+"/fifo", 0o640))
		must(t, unix.Mknod(d+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
		must(t, os.Chmod(d+"/null", 0o666)) // whatever the umask
		sparse, err := os.Create(d + "/sparse")
		must(t, err)
		_, err = sparse.WriteAt([]byte("mid"), 8<<20)
		must(t, err)
		must(t, sparse.Truncate(16<<20))
		must(t, sparse.Close())
		must(t, os.Chmod(d+"/sparse", 0))
		must(t, os.Chtimes(d+"/sub/f", past, past))
		must(t, os.Chown(d, 70, 71))
		must(t, os.Chmod(d, 0o700|fs.ModeSticky))
		must(t, os.Chtimes(d, past, past))
	})
	newVolume(t, m, "vol")
	must(t, Populate(context.Background(), s, "vol", root, "/data"))
	d := s.VolumeData("vol")
	if got := read(t, d+"/hard"); got != "hello" {
		t.Errorf("content %q", got)
	}
	f := lstat(t, d+"/sub/f")
	if f.Uid != 12 || f.Gid != 34 || f.Mode&0o7777 != 0o4751 || f.Nlink != 2 || lstat(t, d+"/hard").Ino != f.Ino {
		t.Errorf("file: %+v", f)
	}
	if mt := time.Unix(f.Mtim.Unix()); !mt.Equal(past) {
		t.Errorf("mtime %v", mt)
	}
	buf := make([]byte, 64)
	if n, err := unix.Getxattr(d+"/sub/f", "user.note", buf); err != nil || string(buf[:n]) != "x\x00y" {
		t.Errorf("user.note: %q, %v", buf[:max(n, 0)], err)
	}
	if n, err := unix.Getxattr(d+"/sub/f", "security.capability", buf); err != nil || n != 20 {
		t.Errorf("security.capability: %d, %v", n, err)
	}
	if to, err := os.Readlink(d + "/sym"); err != nil || to != "/etc/passwd" {
		t.Errorf("symlink: %q, %v", to, err)
	}
	if l := lstat(t, d+"/sym"); l.Uid != 56 || l.Gid != 78 || lstat(t, d+"/symhard").Ino != l.Ino {
		t.Errorf("symlink: %+v", l)
	}
	if p := lstat(t, d+"/fifo"); p.Mode != unix.S_IFIFO|0o640 {
		t.Errorf("fifo: %o", p.Mode)
	}
	if p := lstat(t, d+"/null"); p.Mode != unix.S_IFCHR|0o666 || p.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("device: %+v", p)
	}
	if sp := lstat(t, d+"/sparse"); sp.Size != 16<<20 || sp.Blocks*512 > 1<<20 || sp.Mode&0o777 != 0 {
		t.Errorf("sparse file: %d bytes, %d on disk, mode %o", sp.Size, sp.Blocks*512, sp.Mode)
	}
	if got := read(t, d+"/sparse"); got[8<<20:8<<20+3] != "mid" {
		t.Error("sparse file: its data is not where it was")
	}
	if r := lstat(t, d); r.Uid != 70 || r.Gid != 71 || r.Mode&0o7777 != 0o1700 || !time.Unix(r.Mtim.Unix()).Equal(past) {
		t.Errorf("the folder itself: %+v", r)
	}
	clean(t, m)
}

func TestPopulateOnlyOnce(t *testing.T) {
	m, s := open(t)
	root := image(t, func(l string) { file(t, l+"/data/f", "image") })
	newVolume(t, m, "vol")
	ctx := context.Background()
	must(t, Populate(ctx, s, "vol", root, "/data"))
	must(t, os.Remove(s.VolumeData("vol")+"/f"))
	must(t, Populate(ctx, s, "vol", root, "/data"))
	if _, err := os.Lstat(s.VolumeData("vol") + "/f"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what the user removed came back")
	}
}

func TestPopulateAtOnce(t *testing.T) {
	m, s := open(t)
	root := image(t, func(l string) {
		for n := range strings.FieldsSeq("a b c d e f g h") {
			file(t, l+"/data/"+n+"/x", n)
		}
	})
	newVolume(t, m, "vol")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := Populate(context.Background(), s, "vol", root, "data"); err != nil {
				t.Error(err)
			}
			if got := read(t, s.VolumeData("vol")+"/h/x"); got != "h" {
				t.Errorf("returned before the copy was complete: %q", got)
			}
		})
	}
	wg.Wait()
	clean(t, m)
}

func TestPopulateWithoutSource(t *testing.T) {
	m, s := open(t)
	root := image(t, func(l string) { file(t, l+"/file", "x") })
	newVolume(t, m, "vol")
	ctx := context.Background()
	for _, p := range []string{"/nosuch", "/file/below"} {
		if err := Populate(ctx, s, "vol", root, p); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	wantKind(t, Populate(ctx, s, "vol", root, "/file"), errs.Invalid)
	wantKind(t, Populate(ctx, s, "nosuch", root, "/file"), errs.NotFound)
	if v, err := s.Volume("vol"); err != nil || v.Populated {
		t.Errorf("%+v, %v", v, err)
	}
}

// A crash while copying, while moving, and before the last file is removed.
func TestPopulateAfterACrash(t *testing.T) {
	ctx := context.Background()
	for name, crash := range map[string]func(m *Manager, s *store.Store){
		"copying": func(m *Manager, _ *store.Store) {
			file(t, m.fillDir("vol")+"/f", "im")
		},
		"moving": func(m *Manager, s *store.Store) {
			file(t, m.filledDir("vol")+"/f", "image")
			file(t, s.VolumeData("vol")+"/d/g", "image")
			file(t, s.VolumeData("vol")+"/user", "user")
		},
		"moving over what a user made": func(m *Manager, s *store.Store) {
			file(t, m.filledDir("vol")+"/f", "image")
			file(t, m.filledDir("vol")+"/d/g", "old")
			file(t, s.VolumeData("vol")+"/d/g", "image")
		},
	} {
		for _, how := range []string{"Populate", "Clean"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				m, s := open(t)
				root := image(t, func(l string) {
					file(t, l+"/data/f", "image")
					file(t, l+"/data/d/g", "image")
				})
				newVolume(t, m, "vol")
				crash(m, s)
				if left, err := m.Leftovers(ctx); err != nil || len(left) != 1 {
					t.Errorf("leftovers: %v, %v", left, err)
				}
				if how == "Clean" {
					must(t, m.Clean(ctx))
				}
				must(t, Populate(ctx, s, "vol", root, "/data"))
				if f, g := read(t, s.VolumeData("vol")+"/f"), read(t, s.VolumeData("vol")+"/d/g"); f != "image" || g != "image" {
					t.Errorf("f %q, g %q", f, g)
				}
				clean(t, m)
			})
		}
	}
}

func TestPopulateOnAFullDisk(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	must(t, mount.Mount{Type: "tmpfs", Source: "tmpfs", Options: []string{"size=1m"}}.At(dir))
	t.Cleanup(func() { mount.UnmountBelow(dir) })
	s, err := store.Open(dir+"/r", dir+"/u")
	must(t, err)
	m := Open(s)
	root := image(t, func(l string) { file(t, l+"/data/big", strings.Repeat("x", 4<<20)) })
	newVolume(t, m, "vol")
	err = Populate(context.Background(), s, "vol", root, "/data")
	if !errors.Is(err, unix.ENOSPC) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "/big") {
		t.Errorf("error: %v", err)
	}
	if empty, err := isEmptyDir(s.VolumeData("vol")); err != nil || !empty {
		t.Errorf("half a copy is in the volume: %v", err)
	}
	clean(t, m)
}

func TestPopulateStopsWithItsContext(t *testing.T) {
	m, s := open(t)
	root := image(t, func(l string) { file(t, l+"/data/f", "x") })
	newVolume(t, m, "vol")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Populate(ctx, s, "vol", root, "/data"); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	clean(t, m)
}

func TestPopulateADevice(t *testing.T) {
	m, s := open(t)
	root := image(t, func(l string) { file(t, l+"/data/d/f", "image") })
	_, err := m.Create(context.Background(), CreateOptions{Name: "t1", Options: map[string]string{"type": "tmpfs", "device": "tmpfs"}})
	must(t, err)
	c := container(t, s, "creating", "t1")
	for range 2 { // a tmpfs is new, and filled anew, after its last user
		must(t, m.Mount(context.Background(), c))
		must(t, Populate(context.Background(), s, "t1", root, "/data"))
		if got := read(t, s.VolumeData("t1")+"/d/f"); got != "image" {
			t.Errorf("content %q", got)
		}
		must(t, m.Release(context.Background(), c))
		must(t, s.RemoveRun(c.ID))
	}
	clean(t, m)
}

// CVE-2020-1726: content of a volume was overwritten by the image's.
func TestCVE_2020_1726(t *testing.T) {
	m, s := open(t)
	root := image(t, func(l string) {
		file(t, l+"/data/f", "image")
		file(t, l+"/data/other", "image")
		must(t, os.Chown(l+"/data", 99, 99))
	})
	newVolume(t, m, "vol")
	file(t, s.VolumeData("vol")+"/f", "user")
	must(t, Populate(context.Background(), s, "vol", root, "/data"))
	if got := read(t, s.VolumeData("vol")+"/f"); got != "user" {
		t.Errorf("content %q", got)
	}
	if _, err := os.Lstat(s.VolumeData("vol") + "/other"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a used volume got the image's files")
	}
	if lstat(t, s.VolumeData("vol")).Uid != 0 {
		t.Error("a used volume got the image's owner")
	}
}

// CVE-2022-23648: an image's volume path led to the host's files.
func TestCVE_2022_23648(t *testing.T) {
	m, s := open(t)
	secret := t.TempDir()
	file(t, secret+"/secret", "host")
	root := image(t, func(l string) {
		must(t, os.Symlink(secret, l+"/abs"))
		must(t, os.Symlink("../../../../../../../../../.."+secret, l+"/rel"))
		must(t, os.Symlink("/proc/self/root"+secret, l+"/magic"))
		must(t, os.MkdirAll(l+"/in", 0o755))
		must(t, os.Symlink(secret, l+"/in/link"))
		must(t, os.Symlink("/in", l+"/ok"))
	})
	ctx := context.Background()
	for i, p := range []string{"/../../../../../../../.." + secret, "../.." + secret, "/abs", "/rel", "/magic", "/in/link"} {
		name := "vol" + string(rune('0'+i))
		newVolume(t, m, name)
		Populate(ctx, s, name, root, p) // an error is as good as an empty volume
		if es, _ := os.ReadDir(s.VolumeData(name)); len(es) != 0 {
			t.Errorf("%s: the volume has %v", p, es)
		}
	}
	newVolume(t, m, "good")
	must(t, Populate(ctx, s, "good", root, "/ok"))
	if to, err := os.Readlink(s.VolumeData("good") + "/link"); err != nil || to != secret {
		t.Errorf("a link that leads out is copied as a link: %q, %v", to, err)
	}
}

// CVE-2021-41091: users of the host reached setuid programs in volumes.
func TestCVE_2021_41091(t *testing.T) {
	m, s := open(t)
	newVolume(t, m, "vol")
	if mode := lstat(t, s.VolumeDir("vol")).Mode & 0o777; mode != 0o700 {
		t.Errorf("the volume's folder has mode %o", mode)
	}
}
