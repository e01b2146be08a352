package quota

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// apart gives the test a thread with a mount namespace of its own: what is
// mounted, and the loop device below it, is gone with the test, however it ends.
func apart(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with its namespace
	must(t, unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

// disk mounts a new filesystem out of a file and returns where; it skips the test
// where a program or the kernel's part is missing.
func disk(t *testing.T, mkfs, options string) string {
	t.Helper()
	words := strings.Fields(mkfs)
	if _, err := exec.LookPath(words[0]); err != nil {
		t.Skipf("%s is not installed: sudo make deps-test", words[0])
	}
	dir := t.TempDir()
	image, at := filepath.Join(dir, "image"), filepath.Join(dir, "at")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 320<<20)) // the least of mkfs.xfs is 300 MiB
	must(t, os.Mkdir(at, 0o755))
	if out, err := exec.Command(words[0], append(words[1:], image)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", mkfs, err, out)
	}
	if out, err := exec.Command("mount", "-o", "loop,"+options, image, at).CombinedOutput(); err != nil {
		t.Skipf("this kernel does not mount %q with %q: %v: %s", mkfs, options, err, out)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(at, 0); err != nil {
			t.Errorf("unmount: %v", err)
			unix.Unmount(at, unix.MNT_DETACH) //nolint:errcheck // told above
		}
	})
	return at
}

const (
	ext4 = "mkfs.ext4 -q -O project,quota"
	xfs  = "mkfs.xfs -q"
)

// each runs a test on every filesystem that has project quotas.
func each(t *testing.T, test func(t *testing.T, dir string)) {
	for _, f := range []struct{ name, mkfs, options string }{{"ext4", ext4, "prjquota"}, {"xfs", xfs, "pquota"}} {
		t.Run(f.name, func(t *testing.T) {
			apart(t)
			test(t, disk(t, f.mkfs, f.options))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path ...string) string {
	t.Helper()
	dir := filepath.Join(path...)
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

// fill writes n MiB to a new file, as one whom limits bind, one MiB at a time, and
// returns how many were taken.
func fill(t *testing.T, path string, n int) (taken int, err error) {
	t.Helper()
	err = Bound(func() error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for taken = 0; taken < n && err == nil; taken++ {
			if _, err = f.Write(make([]byte, 1<<20)); err == nil {
				err = f.Sync()
			}
		}
		if err != nil {
			taken--
		}
		return err
	})
	return taken, err
}

func wantExceeded(t *testing.T, err error) {
	t.Helper()
	if !Exceeded(err) {
		t.Errorf("error %v, want one of an exceeded limit", err)
	}
}

func sizeOf(t *testing.T, dir string) uint64 {
	t.Helper()
	var st unix.Statfs_t
	must(t, unix.Statfs(dir, &st))
	return st.Blocks * uint64(st.Bsize)
}

func projectOf(t *testing.T, path string) uint32 {
	t.Helper()
	d, err := openDir(filepath.Dir(path))
	must(t, err)
	defer d.Close()
	var a fileAttributes
	if err := attr(d, filepath.Base(path), sysFileGetattr, &a); err == nil {
		return a.project
	}
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	b, err := get(f)
	must(t, err)
	return b.project
}

// hasFileAttr reports whether the kernel can tell the project of a link.
func hasFileAttr(t *testing.T) bool {
	t.Helper()
	d, err := openDir("/")
	must(t, err)
	defer d.Close()
	var a fileAttributes
	return !errors.Is(attr(d, "tmp", sysFileGetattr, &a), unix.ENOSYS)
}

func use(t *testing.T, dir string, id uint32) Use {
	t.Helper()
	u, err := Read(dir, id)
	must(t, err)
	return u
}

func name(i int) string { return fmt.Sprint("file", i) }
