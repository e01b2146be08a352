// Package metrics reads a cgroup's figures as containerd's messages. It is the
// only importer of containerd/cgroups.
package metrics

import (
	"errors"
	"strings"

	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// Read returns the figures of g: *cgroup1/stats.Metrics on v1 and hybrid hosts,
// *cgroup2/stats.Metrics on v2. A group that is gone is errs.NotFound.
func Read(g *cgroup.Group) (any, error) {
	if !g.Exists() {
		return nil, errs.New(errs.NotFound, "read cgroup %v: it is gone", g.Paths())
	}
	if cgroup.Unified() {
		m, err := cgroup2.Load(g.Path(""))
		if err != nil {
			return nil, err
		}
		return m.Stat()
	}
	path := func(name cgroup1.Name) (string, error) {
		p := g.Path(strings.TrimPrefix(string(name), "name="))
		if p == "" {
			return "", cgroup1.ErrControllerNotActive
		}
		return p, nil
	}
	c, err := cgroup1.Load(path)
	if errors.Is(err, cgroup1.ErrCgroupDeleted) {
		return nil, errs.New(errs.NotFound, "read cgroup %v: %w", g.Paths(), err)
	}
	if err != nil {
		return nil, err
	}
	return c.Stat(cgroup1.IgnoreNotExist)
}
