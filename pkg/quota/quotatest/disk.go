// Package quotatest makes filesystems with project quotas for tests.
package quotatest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Apart gives the test a thread with a mount namespace of its own: what is
// mounted, and the loop device below it, is gone with the test, however it ends.
func Apart(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with its namespace
	must(t, unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

// Disk mounts a new filesystem out of a file and returns where; it skips the test
// where a program or the kernel's part is missing.
func Disk(t *testing.T, mkfs, options string) string {
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
			unix.Unmount(at, unix.MNT_DETACH) // told above
		}
	})
	return at
}

// How the filesystems are made.
const (
	Ext4 = "mkfs.ext4 -q -O project,quota"
	XFS  = "mkfs.xfs -q"
)

// Each runs a test on every filesystem that has project quotas.
func Each(t *testing.T, test func(t *testing.T, dir string)) {
	for _, f := range []struct{ name, mkfs, options string }{{"ext4", Ext4, "prjquota"}, {"xfs", XFS, "pquota"}} {
		t.Run(f.name, func(t *testing.T) {
			Apart(t)
			test(t, Disk(t, f.mkfs, f.options))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
