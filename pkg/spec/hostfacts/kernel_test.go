package hostfacts

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// tree makes files as a hierarchy has them.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestKernelOfCgroup2(t *testing.T) {
	h := cgroups{v2: true, root: tree(t, map[string]string{
		"cgroup.controllers": "cpuset cpu io memory\n", "cpuset.cpus.effective": "0-3\n", "cpuset.mems.effective": "0\n",
		"a.slice/io.max": "", "a.slice/io.bfq.weight": "default 100\n",
	})}
	k := spec.Kernel{Swap: true}
	h.second(&k)
	want := spec.Kernel{
		Memory: true, Swap: true, Reservation: true, Shares: true, CFS: true, Cpuset: true, Weight: true, WeightDevice: true,
		ReadBps: true, WriteBps: true, ReadIOps: true, WriteIOps: true, Cpus: "0-3", Mems: "0",
	}
	if k != want || !h.bfq() {
		t.Errorf("%+v", k)
	}
	h.root = tree(t, map[string]string{"cgroup.controllers": "pids\n"})
	k = spec.Kernel{Swap: true}
	if h.second(&k); k != (spec.Kernel{Pids: true}) {
		t.Errorf("pids alone: %+v", k)
	}
}

func TestKernelOfCgroup1(t *testing.T) {
	h := cgroups{root: tree(t, map[string]string{
		"memory/memory.limit_in_bytes": "", "memory/memory.soft_limit_in_bytes": "", "memory/memory.swappiness": "", "memory/memory.oom_control": "",
		"cpu/cpu.shares": "", "cpu/cpu.cfs_quota_us": "", "cpu/cpu.rt_runtime_us": "", "pids/cgroup.procs": "",
		"cpuset/cpuset.cpus": "0-1\n", "cpuset/cpuset.mems": "0\n", "blkio/blkio.throttle.read_bps_device": "", "blkio/blkio.weight": "",
	})}
	k := spec.Kernel{}
	h.first(&k)
	want := spec.Kernel{
		Memory: true, Reservation: true, Swappiness: true, OOMKillDisable: true, Shares: true, CFS: true, Realtime: true,
		Pids: true, Cpuset: true, ReadBps: true, Weight: true, Cpus: "0-1", Mems: "0",
	}
	if k != want || h.bfq() {
		t.Errorf("%+v", k)
	}
}

func TestLimitsNeedTheirDevices(t *testing.T) {
	gone := record.Resources{DeviceReadBps: []record.DeviceRate{{Path: "/dev/nosuchdevice", Rate: 1}}}
	if _, err := Limits(gone); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v", err)
	}
	if _, err := Limits(record.Resources{}, gone); err != nil {
		t.Errorf("an old one that is gone: %v", err)
	}
	char := record.Resources{DeviceReadBps: []record.DeviceRate{{Path: "/dev/null", Rate: 1}}}
	if _, err := Limits(char); !errs.Is(err, errs.Invalid) {
		t.Errorf("%v", err)
	}
}
