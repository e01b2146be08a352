package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Pids returns every process of the group and of the groups below it, sorted,
// as pids of the caller's pid namespace. A group that is gone has none.
func (g *Group) Pids() ([]int, error) {
	seen := map[int]bool{}
	for _, d := range g.dirs {
		err := walk(d.path, func(p string) error { return readPids(p, seen) })
		if err != nil {
			return nil, err
		}
	}
	out := make([]int, 0, len(seen))
	for pid := range seen {
		if pid > 0 { // 0 is a process of another pid namespace
			out = append(out, pid)
		}
	}
	slices.Sort(out)
	return out, nil
}

func readPids(dir string, into map[int]bool) error {
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if errors.Is(err, unix.EOPNOTSUPP) { // a threaded v2 group lists threads only
		b, err = os.ReadFile(filepath.Join(dir, "cgroup.threads"))
	}
	if err != nil {
		return ignoreGone(err)
	}
	for f := range strings.FieldsSeq(string(b)) {
		pid, err := strconv.Atoi(f)
		if err != nil {
			return err
		}
		into[pid] = true
	}
	return nil
}

// walk calls do for every group below dir, deepest first, then for dir.
func walk(dir string, do func(string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ignoreGone(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := walk(filepath.Join(dir, e.Name()), do); err != nil {
				return err
			}
		}
	}
	return do(dir)
}

// ignoreGone drops the errors of a cgroup that was removed meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

func itoa(i int) string { return strconv.Itoa(i) }
