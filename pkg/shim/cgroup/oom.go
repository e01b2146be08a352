package cgroup

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// OOMKills counts the processes that the kernel killed for memory in the group
// and below it: memory.events of v2, memory.oom_control of v1.
func (g *Group) OOMKills() uint64 {
	if p := g.controller("memory"); p != "" {
		var n uint64
		walk(p, func(d string) error { //nolint:errcheck // a group that is gone counts nothing
			n += value(d, "memory.oom_control", "oom_kill")
			return nil
		})
		return n
	}
	if p := g.v2(); p != "" {
		return value(p, "memory.events", "oom_kill")
	}
	return 0
}

// value reads one number of a flat keyed file; 0 when it is not there.
func value(dir, file, key string) uint64 {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			n, _ := strconv.ParseUint(v, 10, 64)
			return n
		}
	}
	return 0
}
