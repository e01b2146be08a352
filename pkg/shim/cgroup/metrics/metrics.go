// Package metrics reads a cgroup's figures for containerd's metrics API. Other
// programs than the supervisor have no use for it.
//
// libcontainer's own package reads them; containerd's messages, of
// github.com/containerd/cgroups/v3, are written here in the form of pkg/wire: that
// package is generated protobuf code, which every supervisor would initialize.
package metrics

import (
	"errors"
	"io/fs"
	"reflect"

	"github.com/opencontainers/cgroups"
	cgroup1 "github.com/opencontainers/cgroups/fs"
	cgroup2 "github.com/opencontainers/cgroups/fs2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Read returns the figures of g: io.containerd.cgroups.v1.Metrics on v1 and hybrid
// hosts, io.containerd.cgroups.v2.Metrics on v2. A group that is gone is
// errs.NotFound.
func Read(g *cgroup.Group) (wire.Any, error) {
	if !g.Exists() {
		return wire.Any{}, errs.New(errs.NotFound, "read cgroup %v: it is gone", g.Paths())
	}
	var s *cgroups.Stats
	var err error
	unified := cgroup.Unified()
	if unified {
		s, err = stats2(g)
	} else {
		s, err = stats1(g)
	}
	if errors.Is(err, fs.ErrNotExist) && !g.Exists() {
		return wire.Any{}, errs.New(errs.NotFound, "read cgroup %v: %w", g.Paths(), err)
	}
	if err != nil {
		return wire.Any{}, err
	}
	if unified {
		return wire.Any{TypeURL: "io.containerd.cgroups.v2.Metrics", Value: wire.Marshal(v2Of(s, g.Dir("")))}, nil
	}
	return wire.Any{TypeURL: "io.containerd.cgroups.v1.Metrics", Value: wire.Marshal(v1Of(s, g.Dir("memory")))}, nil
}

func stats1(g *cgroup.Group) (*cgroups.Stats, error) {
	paths := map[string]string{}
	for _, c := range []string{"cpu", "cpuacct", "memory", "pids", "blkio", "hugetlb", "rdma"} {
		if p := g.Dir(c); p != "" {
			paths[c] = p
		}
	}
	m, err := cgroup1.NewManager(&cgroups.Cgroup{Resources: &cgroups.Resources{}}, paths)
	if err != nil {
		return nil, err
	}
	return m.GetStats()
}

func stats2(g *cgroup.Group) (*cgroups.Stats, error) {
	m, err := cgroup2.NewManager(&cgroups.Cgroup{}, g.Dir(""))
	if err != nil {
		return nil, err
	}
	return m.GetStats()
}

// pids is the PidsStat of both versions.
type pids struct {
	Current uint64 `pb:"1"`
	Limit   uint64 `pb:"2"`
}

// rdma is the RdmaStat of both versions.
type rdma struct {
	Current []rdmaEntry `pb:"1"`
	Limit   []rdmaEntry `pb:"2"`
}

type rdmaEntry struct {
	Device     string `pb:"1"`
	HcaHandles uint32 `pb:"2"`
	HcaObjects uint32 `pb:"3"`
}

func rdmaOf(s *cgroups.Stats) *rdma {
	return &rdma{entriesOf(s.RdmaStats.RdmaCurrent), entriesOf(s.RdmaStats.RdmaLimit)}
}

func entriesOf(in []cgroups.RdmaEntry) []rdmaEntry {
	var out []rdmaEntry
	for _, e := range in {
		out = append(out, rdmaEntry{e.Device, e.HcaHandles, e.HcaObjects})
	}
	return out
}

// fill sets the fields of to, a pointer to a struct of uint64, that have a tag
// stat from the lines of a memory.stat of those names.
func fill(to any, lines map[string]uint64) {
	v := reflect.ValueOf(to).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("stat"); name != "" {
			v.Field(i).SetUint(lines[name])
		}
	}
}
