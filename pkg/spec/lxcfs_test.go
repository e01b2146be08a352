package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestPinned(t *testing.T) {
	four := []int{0, 1, 2, 3}
	for _, tt := range []struct {
		name  string
		lxcfs bool
		r     record.Resources
		cpus  []int
		want  int // how many processors are chosen; 0: none is
	}{
		{"one", true, record.Resources{NanoCPUs: 1e9}, four, 1},
		{"a part", true, record.Resources{NanoCPUs: 5e8}, four, 1},
		{"rounded up", true, record.Resources{NanoCPUs: 15e8}, four, 2},
		{"by quota", true, record.Resources{CPUQuota: 250000}, four, 3},
		{"by quota and period", true, record.Resources{CPUQuota: 20000, CPUPeriod: 10000}, four, 2},
		{"all", true, record.Resources{NanoCPUs: 4e9}, four, 0},
		{"without a limit", true, record.Resources{}, four, 0},
		{"without lxcfs", false, record.Resources{NanoCPUs: 1e9}, four, 0},
		{"unknown host", true, record.Resources{NanoCPUs: 1e9}, nil, 0},
	} {
		c := &record.Container{ID: "c0ffee", Host: record.Host{Lxcfs: tt.lxcfs, Resources: tt.r}}
		got := Numbers(Pinned(c, tt.cpus).CpusetCpus)
		if len(got) != tt.want {
			t.Errorf("%s: %v, want %d of %v", tt.name, got, tt.want, tt.cpus)
		}
	}
	c := &record.Container{Host: record.Host{Lxcfs: true, Resources: record.Resources{NanoCPUs: 1e9, CpusetCpus: "0-3"}}}
	if got := Pinned(c, four).CpusetCpus; got != "0-3" {
		t.Errorf("what was asked for became %s", got)
	}
}

// Containers do not all end up on the first processor.
func TestPinnedSpreads(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		c := &record.Container{ID: id, Host: record.Host{Lxcfs: true, Resources: record.Resources{NanoCPUs: 1e9}}}
		seen[Pinned(c, []int{0, 1, 2, 3}).CpusetCpus] = true
	}
	if len(seen) < 3 {
		t.Errorf("8 containers share %v", seen)
	}
}

func TestLxcfsMounts(t *testing.T) {
	s := &specs.Spec{Mounts: []specs.Mount{{Destination: "/proc"}, {Destination: "/proc/uptime/"}}}
	got := Lxcfs(s, "/b/lxcfs", []string{"proc/uptime", "proc/stat"})
	if len(got) != 1 || got[0].Destination != "/proc/stat" || got[0].Source != "/b/lxcfs/proc/stat" {
		t.Errorf("%+v", got)
	}
}
