package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/store"
)

// Tests that were cut short leave folders, processes that name them, and
// containers: all of it goes.
func TestSweep(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "pt*-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir); os.RemoveAll(dir + "1") })
	var all []*exec.Cmd
	for _, d := range []string{dir, dir + "1"} {
		s := at(d)
		named, contained := exec.Command("sh", "-c", `echo; read x; : "$0"`, s.RunRoot), exec.Command("sh", "-c", "echo; read x")
		for _, c := range []*exec.Cmd{named, contained} {
			begin(t, c)
			all = append(all, c)
		}
		if err := os.Mkdir(d, 0o755); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "x"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		contain(t, s, contained.Process.Pid)
	}
	if err := sweep(dir); err != nil {
		t.Error(err)
	}
	for _, c := range all {
		if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != -1 {
			t.Errorf("%q was not killed: %v", c.Args, err)
		}
	}
	left, _ := filepath.Glob(dir + "*")
	groups, _ := filepath.Glob("/sys/fs/cgroup/*" + parent(at(dir)))
	if len(left)+len(groups) > 0 {
		t.Errorf("left: %q %q", left, groups)
	}
}

func parent(s *Suite) string { return (&store.Store{Root: s.Root, RunRoot: s.RunRoot}).CgroupParent() }

// contain puts the process into a cgroup where a container of s would be.
func contain(t *testing.T, s *Suite, pid int) {
	t.Helper()
	root := "/sys/fs/cgroup/pids" // v1
	if _, err := os.Stat(root); err != nil {
		root = "/sys/fs/cgroup"
	}
	dir := filepath.Join(root, parent(s), "x")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, pid), 0); err != nil {
		t.Fatal(err)
	}
}
