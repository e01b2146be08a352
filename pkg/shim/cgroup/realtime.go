package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

const (
	rtPeriod  = "cpu.rt_period_us"
	rtRuntime = "cpu.rt_runtime_us"
)

// AllowRealtime makes the group in the cpu hierarchy of cgroup v1 with the real
// time that r gives it, and gives the groups above it, up to the root, enough: a
// new group has none, and those below a group cannot have more than it
// (sched-rt-group.rst). The groups above keep it. Without real time in r, and on
// cgroup v2, it does nothing. Idempotent.
func (g *Group) AllowRealtime(r *specs.LinuxResources) error {
	leaf := g.controller("cpu")
	if leaf == "" || r == nil || r.CPU == nil || r.CPU.RealtimeRuntime == nil {
		return nil
	}
	want := share{runtime: *r.CPU.RealtimeRuntime}
	if r.CPU.RealtimePeriod != nil {
		want.period = *r.CPU.RealtimePeriod
	}
	parent := filepath.Dir(leaf)
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return err
	}
	lock, err := fsx.LockDir(parent) // two containers at once: the sum must be right
	if err != nil {
		return err
	}
	defer lock.Unlock()
	return want.give(leaf, root("cpu"))
}

// share is real time, in microseconds; period 0: the group's own.
type share struct {
	period  uint64
	runtime int64
}

// give lets the group in dir have s, and those above it, below top, as much as
// the groups below them use then: what is above must have it first.
func (s share) give(dir, top string) error {
	if !strings.HasPrefix(dir, top+"/") {
		return nil // the root has the machine's own (/proc/sys/kernel/sched_rt_runtime_us)
	}
	have, parent := number(dir, rtRuntime), filepath.Dir(dir)
	more := share{s.period, s.runtime - have}
	if more.runtime > 0 {
		used, err := usedBelow(parent)
		if err != nil {
			return err
		}
		more.runtime += used
		if number(parent, rtRuntime) < more.runtime {
			if err := more.give(parent, top); err != nil {
				return err
			}
		}
	}
	if have == s.runtime && s.period == 0 {
		return nil
	}
	return s.write(dir, have == 0)
}

// write sets what dir has; the kernel takes either first, as the values allow.
func (s share) write(dir string, fresh bool) error {
	period := func() error {
		if s.period == 0 {
			return nil
		}
		return write(dir, rtPeriod, strconv.FormatUint(s.period, 10))
	}
	early := period()
	if early != nil && fresh {
		return fmt.Errorf("real-time period of cgroup %s: %w", dir, early)
	}
	if err := write(dir, rtRuntime, strconv.FormatInt(s.runtime, 10)); err != nil {
		return fmt.Errorf("real time of cgroup %s: the groups beside it leave less than %d microseconds: %w", dir, s.runtime, err)
	}
	if early != nil {
		return period()
	}
	return nil
}

// usedBelow is the real time that the groups in dir have together.
func usedBelow(dir string) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	used := int64(0)
	for _, e := range entries {
		if e.IsDir() {
			used += number(filepath.Join(dir, e.Name()), rtRuntime)
		}
	}
	return used, nil
}

// number reads a file that holds one; 0 when it does not.
func number(dir, file string) int64 {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
