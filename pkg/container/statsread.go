package container

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// stat reads what a container uses; total is the host's memory.
func (m *Manager) stat(c *record.Container, st *record.State, target string, total uint64) Stat {
	s := Stat{Container: c, Target: target, at: time.Now()}
	if !Alive(st) || st.Init.Pid == 0 {
		return s
	}
	g, err := cgroup.Of(m.cgroupPath(c.ID))
	if err != nil {
		return s
	}
	u, err := g.Usage()
	if err != nil {
		return s // it has ended just now, or is between two lives
	}
	s.Usage, s.life, s.started = u, st.Init, st.Started
	if s.MemoryLimit = u.MemoryLimit; s.MemoryLimit == 0 || s.MemoryLimit > total {
		s.MemoryLimit = total
	}
	if c.NetworkMode == "host" {
		return s
	}
	in, out, err := netdev.Traffic(st.Init.Pid)
	if err == nil && proc.Alive(st.Init) { // else the pid may be another process' by now
		s.Received, s.Sent = in, out
	}
	return s
}

// memTotal is the host's memory, in bytes: sysinfo(2).
func memTotal() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return uint64(info.Totalram) * uint64(info.Unit) //nolint:unconvert // of another width elsewhere
}
