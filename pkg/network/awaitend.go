package network

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// endsWithin is how long ports and addresses of a container whose process has ended
// are waited for. Who waited for that process is told before they are given back, and
// may want them again.
const endsWithin = 10 * time.Second

// ReserveFor is Reserve, which waits for ports of containers that are ending.
func (m *Manager) ReserveFor(ctx context.Context, ports []record.Port) (files []*os.File, actual []record.Port, err error) {
	unseen := 0
	m.until(ctx, func() bool {
		files, actual, err = Reserve(ports)
		if errs.CauseOf(err) != portInUse {
			return true
		}
		ending, seen := m.endingHolder(ports)
		if seen {
			return !ending
		}
		unseen++ // it ends just now, or is not to be seen from here
		return unseen > 8
	})
	return files, actual, err
}

// until calls done again and again, until it returns true, ctx ends or time is up.
func (m *Manager) until(ctx context.Context, done func() bool) {
	ctx, cancel := context.WithTimeout(ctx, m.endsWithin)
	defer cancel()
	for pause := time.Millisecond; !done(); pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// endingHolder reports whether a container that is ending has one of the ports, and
// whether it is seen who has them.
func (m *Manager) endingHolder(ports []record.Port) (ending, seen bool) {
	inodes := map[string]bool{}
	for _, p := range ports {
		for _, table := range []string{p.Protocol, p.Protocol + "6"} {
			for _, s := range socketsOn(table, p.HostPort) {
				inodes["socket:["+s.inode+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return false, false
	}
	pids, _ := filepath.Glob("/proc/[0-9]*") // the pattern is good
	for _, dir := range pids {
		if !hasSocket(dir, inodes) {
			continue
		}
		seen = true
		if id := m.supervisedBy(dir); id != "" && m.ended(id) {
			return true, true
		}
	}
	return false, seen
}

// supervisedBy is the container whose supervisor a process is, if it is one of this
// run-root.
func (m *Manager) supervisedBy(dir string) string {
	line, _ := os.ReadFile(dir + "/cmdline")
	args := strings.Split(string(line), "\x00")
	after := func(flag string) string {
		if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
			return args[i+1]
		}
		return ""
	}
	if filepath.Base(args[0]) != supervisor || after("--run-root") != m.s.RunRoot {
		return ""
	}
	return after("--id")
}

// ended reports whether the process of a container has ended, and its supervisor not
// yet, which then gives back what it has.
func (m *Manager) ended(id string) bool {
	if !fsx.Held(m.s.SupervisorLock(id)) {
		return false
	}
	st, err := m.s.State(id)
	if err != nil {
		return errs.Is(err, errs.NotFound)
	}
	switch st.Status {
	case record.Exited, record.Removing:
		return true
	case record.Running, record.Paused:
		return !proc.Alive(st.Init)
	}
	return false
}

// awaitEnded waits until an address of a network is given back that picked picks and a
// container has that is ending. False: there is none such, or it is not in time.
func (m *Manager) awaitEnded(ctx context.Context, network string, picked func(netip.Addr) bool) bool {
	first, freed := -1, false
	m.until(ctx, func() bool {
		ending, err := m.ending(network, func(l *record.Lease) bool { return l.Container != "" && m.ended(l.Container) })
		ending = slices.DeleteFunc(ending, func(e member) bool { return !picked(e.addr) })
		first = max(first, len(ending))
		freed = err == nil && len(ending) < first
		return err != nil || freed || first == 0
	})
	return freed
}
