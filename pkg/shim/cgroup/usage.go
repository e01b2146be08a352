package cgroup

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Usage is what a group and those below it use.
type Usage struct {
	CPU           time.Duration // in all
	Memory        uint64        // bytes, without file pages that nobody has asked for lately
	MemoryCharged uint64        // bytes, with all file pages
	MemoryLimit   uint64        // bytes; 0: none
	Pids          int           // processes and threads
	Read, Written uint64        // bytes of block devices, in all
}

// Usage reads what the group uses. Controllers that the host does not have count
// nothing. A group that is gone is errs.NotFound. cgroup-v2.rst; for v1
// cpuacct.rst, memory.rst, pids.rst and blkio-controller.rst.
func (g *Group) Usage() (Usage, error) {
	var u Usage
	u.cpu(g)
	u.memory(g)
	u.blocks(g)
	pids, name := g.controller("pids"), "pids.current"
	if pids == "" {
		pids = g.v2()
	}
	if n, ok := read(pids, name); ok {
		u.Pids = int(n)
	} else if list, err := g.Pids(); err == nil {
		u.Pids = len(list)
	}
	if !g.Exists() {
		return Usage{}, errs.New(errs.NotFound, "read cgroup %v: it is gone", g.Paths())
	}
	return u, nil
}

func (u *Usage) cpu(g *Group) {
	if dir := g.controller("cpuacct"); dir != "" {
		n, _ := read(dir, "cpuacct.usage")
		u.CPU = time.Duration(n)
	} else if dir := g.v2(); dir != "" {
		u.CPU = time.Duration(value(dir, "cpu.stat", "usage_usec")) * time.Microsecond
	}
}

func (u *Usage) memory(g *Group) {
	dir, usage, limit, cold := g.controller("memory"), "memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"
	if dir == "" {
		dir, usage, limit, cold = g.v2(), "memory.current", "memory.max", "inactive_file"
	}
	used, ok := read(dir, usage)
	if !ok {
		return
	}
	u.MemoryCharged = used
	if idle := value(dir, "memory.stat", cold); idle < used {
		used -= idle
	}
	u.Memory = used
	u.MemoryLimit, _ = read(dir, limit) // "max" of v2 is no number
}

func (u *Usage) blocks(g *Group) {
	if dir := g.controller("blkio"); dir != "" {
		for _, line := range lines(dir, "blkio.throttle.io_service_bytes_recursive") { // 8:0 Read 4096
			if len(line) == 3 {
				u.block(line[1], line[2])
			}
		}
		return
	}
	for _, line := range lines(g.v2(), "io.stat") { // 8:0 rbytes=4096 wbytes=0 …
		for _, word := range line {
			key, n, _ := strings.Cut(word, "=")
			u.block(key, n)
		}
	}
}

func (u *Usage) block(key, number string) {
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return
	}
	switch key {
	case "Read", "rbytes":
		u.Read += n
	case "Write", "wbytes":
		u.Written += n
	}
}

// read reads a file that holds one number.
func read(dir, file string) (uint64, bool) {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil || dir == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}

// lines reads a file of the cgroup as words of lines.
func lines(dir, file string) [][]string {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil || dir == "" {
		return nil
	}
	var out [][]string
	for line := range strings.Lines(string(b)) {
		out = append(out, strings.Fields(line))
	}
	return out
}
