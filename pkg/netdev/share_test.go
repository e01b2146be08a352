package netdev

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// A process with an older mount namespace finds the new network namespace at
// its path, on a system that shares no mounts.
func TestOlderMountNamespaceSeesNetns(t *testing.T) {
	nettest.Need(t)
	dir := filepath.Join(nettest.Dir(t), "netns")
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if Shared(dir) {
		t.Fatal("shared before")
	}
	if err := ShareMounts(dir); err != nil {
		t.Fatal(err)
	}
	if !Shared(dir) {
		t.Fatal("not shared")
	}
	older := exec.Command("cat")
	older.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	in, err := older.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := older.Start(); err != nil {
		t.Fatal(err)
	}
	defer older.Wait()
	defer in.Close()
	path := filepath.Join(dir, "n")
	if _, err := NewNetns(path); err != nil {
		t.Fatal(err)
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", older.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mounts), " "+path+" ") {
		t.Errorf("%s is not mounted there:\n%s", path, mounts)
	}
	if err := RemoveNetns(path); err != nil {
		t.Fatal(err)
	}
}
