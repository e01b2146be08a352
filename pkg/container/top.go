package container

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// Top describes the processes of the container that target names, by pid on
// the host. All of it is read from outside: nothing of the container is run or
// entered (CVE-2022-1227). It fails with kind not_found, or conflict when the
// container does not run.
func (m *Manager) Top(_ context.Context, target string) ([]*proc.Info, error) {
	c, st, err := m.find(target)
	if err != nil {
		return nil, err
	}
	if !Alive(st) {
		return nil, notRunning(c.ID)
	}
	g, err := cgroup.Of(m.cgroupPath(c.ID))
	if err != nil {
		return nil, err
	}
	pids, err := g.Pids()
	if err != nil {
		return nil, errs.New(errs.Internal, "list the processes of container %s: %w", target, err)
	}
	slices.Sort(pids)
	var out []*proc.Info
	for _, pid := range pids {
		p, err := proc.Stat(pid)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
