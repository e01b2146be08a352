package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cgroups is where the hierarchies are mounted.
const cgroups = "/sys/fs/cgroup"

// leaf is the group below a unit's own that takes the processes which are no
// container's: a cgroup v2 that hands limits on has no processes itself
// (cgroup-v2.rst, "No Internal Process Constraint").
const leaf = "supervisor"

// Booted reports whether systemd is this host's init (sd_booted(3)).
func Booted() bool {
	st, err := os.Lstat("/run/systemd/system")
	return err == nil && st.IsDir()
}

// Delegated returns the cgroup of the unit that started this process, as a path
// below the root of every hierarchy, when systemd has given it away (Delegate=yes,
// systemd.resource-control(5)); "" when it has not, or when no unit did.
func Delegated() string {
	if os.Getenv("INVOCATION_ID") == "" {
		return ""
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	root, own := ownGroup(string(text), unified())
	for p := own; p != "/" && p != "." && p != ""; p = filepath.Dir(p) {
		if given(filepath.Join(root, p)) {
			return p
		}
	}
	return ""
}

func unified() bool {
	var st unix.Statfs_t
	return unix.Statfs(cgroups, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

// ownGroup finds in the text of /proc/self/cgroup the group in systemd's own
// hierarchy: where that is mounted, and the path in it.
func ownGroup(text string, unified bool) (root, path string) {
	key, root := "name=systemd", filepath.Join(cgroups, "systemd")
	if unified {
		key, root = "", cgroups
	}
	for line := range strings.Lines(text) {
		if f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3); len(f) == 3 && f[1] == key {
			return root, f[2]
		}
	}
	return root, ""
}

// given reports whether systemd has marked a group's folder as given away
// (systemd's docs/CGROUP_DELEGATION.md).
func given(dir string) bool {
	buf := make([]byte, 8)
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		if n, err := unix.Getxattr(dir, name, buf); err == nil && bytes.Equal(buf[:n], []byte("1")) {
			return true
		}
	}
	return false
}

// EnterLeaf makes room for containers in a delegated group: on cgroup v2 its own
// processes move into a group below it. Idempotent.
func EnterLeaf(group string) error {
	if !unified() {
		return nil
	}
	dir := filepath.Join(cgroups, group)
	sub := filepath.Join(dir, leaf)
	if err := os.Mkdir(sub, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a cgroup below the unit's: %w", err)
	}
	for {
		pids, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if err != nil {
			return err
		}
		if len(pids) == 0 {
			return nil
		}
		for pid := range strings.FieldsSeq(string(pids)) {
			// One that has ended meanwhile need not move.
			if err := join(sub, pid); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("move process %s into the cgroup %s: %w", pid, sub, err)
			}
		}
	}
}

// Free takes a process out of the unit or session that started it, so that it
// does not end with that: into the root of every hierarchy.
func Free(pid int) error {
	roots := []string{cgroups}
	if !unified() {
		entries, err := os.ReadDir(cgroups)
		if err != nil {
			return err
		}
		roots = nil
		for _, e := range entries {
			if e.IsDir() {
				roots = append(roots, filepath.Join(cgroups, e.Name()))
			}
		}
	}
	for _, r := range roots {
		if err := join(r, strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("move process %d out of its unit: %w", pid, err)
		}
	}
	return nil
}

func join(dir, pid string) error {
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(pid), 0)
}

// Main reports whether this process is the one that systemd started for a unit
// (SYSTEMD_EXEC_PID, systemd.exec(5), systemd 248 on), not somebody's child.
func Main() bool { return os.Getenv("SYSTEMD_EXEC_PID") == strconv.Itoa(os.Getpid()) }
