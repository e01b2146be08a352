package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/store"
)

func command(name string, args ...string) *exec.Cmd { return exec.Command(name, args...) }

// processes that belong to the suite: their command line names its folder, or
// their cgroup one of its containers.
func (s *Suite) processes() []string {
	pids, _ := filepath.Glob("/proc/[0-9]*")
	ids := s.ids.list()
	var out []string
	for _, p := range pids {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(p + "/cmdline")
		if err != nil {
			continue
		}
		line = bytes.TrimSpace(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		if bytes.Contains(line, []byte(s.dir+"/")) || inCgroup(p, ids) {
			out = append(out, fmt.Sprintf("%d %s", pid, line))
		}
	}
	return out
}

// Processes returns the pids of the suite's processes whose program has the
// given base name.
func (s *Suite) Processes(program string) []int {
	var out []int
	for _, p := range s.processes() {
		f := strings.Fields(p)
		if len(f) > 1 && filepath.Base(f[1]) == program {
			if pid, err := strconv.Atoi(f[0]); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// Engines returns the pids of the suite's containerds, each the leader of its
// session: what one of them has just forked and is not yet another program does
// not count.
func (s *Suite) Engines() []int {
	return slices.DeleteFunc(s.Processes("containerd"), func(pid int) bool {
		sid, err := unix.Getsid(pid)
		return err != nil || sid != pid
	})
}

func inCgroup(proc string, ids []string) bool {
	text, err := os.ReadFile(proc + "/cgroup")
	if err != nil || !bytes.Contains(text, []byte("/pouch")) {
		return false
	}
	for _, id := range ids {
		if bytes.Contains(text, []byte("/"+id)) {
			return true
		}
	}
	return false
}

// mountsBelow lists the mount points below dir in this mount namespace, the
// deepest first (proc_pid_mountinfo(5)).
func mountsBelow(dir string) []string {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	var out []string
	for l := range strings.Lines(string(text)) {
		if f := strings.Fields(l); len(f) > 4 && strings.HasPrefix(f[4], dir+"/") {
			out = append([]string{f[4]}, out...)
		}
	}
	return out
}

func unmount(path string) error {
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	return nil
}

// removeCgroups removes the cgroup that all of the suite's containers had
// theirs in; it fails when one is left in it.
func (s *Suite) removeCgroups() error {
	parent := (&store.Store{Root: s.Root, RunRoot: s.RunRoot}).CgroupParent()
	var err error
	for _, pattern := range []string{"/sys/fs/cgroup" + parent, "/sys/fs/cgroup/*" + parent} {
		found, _ := filepath.Glob(pattern)
		for _, dir := range found {
			if e := unix.Rmdir(dir); e != nil {
				err = errors.Join(err, fmt.Errorf("remove cgroup %s: %w", dir, e))
			}
		}
	}
	return err
}
