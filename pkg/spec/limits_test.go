package spec

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// able is a host of cgroup v1 that can keep everything.
func able() Kernel {
	return Kernel{
		Memory: true, Swap: true, Reservation: true, Swappiness: true, KernelMemory: true, OOMKillDisable: true,
		Pids: true, Shares: true, CFS: true, Realtime: true, Cpuset: true, Weight: true, WeightDevice: true,
		ReadBps: true, WriteBps: true, ReadIOps: true, WriteIOps: true, Rdt: true, RdtL3: true,
		Processors: 4, Cpus: "0-3", Mems: "0",
	}
}

func allLimits() record.Resources {
	swappiness := int64(10)
	rate := []record.DeviceRate{{Path: "/dev/sda", Rate: 500}}
	return record.Resources{
		Memory: 64 << 20, MemorySwap: 128 << 20, MemoryReservation: 32 << 20, KernelMemory: 32 << 20, MemorySwappiness: &swappiness, OOMKillDisable: true,
		CPUShares: 512, CPUQuota: 20000, CPUPeriod: 40000, CpusetCpus: "0,3", CpusetMems: "0", PidsLimit: 20,
		CPURealtimePeriod: 1000000, CPURealtimeRuntime: 1000,
		BlkioWeight: 300, BlkioWeightDevice: rate, DeviceReadBps: rate, DeviceWriteBps: rate, DeviceReadIOps: rate, DeviceWriteIOps: rate,
		RdtL3: "L3:0=f",
	}
}

func TestFit(t *testing.T) {
	r := allLimits()
	if w, err := Fit(&r, able()); err != nil || w != nil || !reflect.DeepEqual(r, allLimits()) {
		t.Errorf("an able host: %q, %v, %+v", w, err, r)
	}
	r.RdtL3, r.CPURealtimePeriod, r.CPURealtimeRuntime = "", 0, 0 // refused, not discarded
	warnings, err := Fit(&r, Kernel{Processors: 4})
	if err != nil || !reflect.DeepEqual(r, record.Resources{}) {
		t.Errorf("a host that can keep nothing: %v, left: %+v", err, r)
	}
	if len(warnings) != 15 {
		t.Errorf("%d warnings: %q", len(warnings), warnings)
	}
	for _, w := range warnings {
		if !strings.HasPrefix(w, "Your kernel does not support ") || !strings.HasSuffix(w, "iscarded.") {
			t.Errorf("warning %q", w)
		}
	}
	noSwap := able()
	noSwap.Swap = false
	r = record.Resources{Memory: 64 << 20}
	for range 2 { // idempotent
		if w, err := Fit(&r, noSwap); err != nil || r.Memory != 64<<20 || r.MemorySwap != -1 || len(w) > 1 {
			t.Errorf("no swap: %q, %v, %+v", w, err, r)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	none := Kernel{Processors: 4}
	noL3 := able()
	noL3.RdtL3 = false
	for _, tc := range []struct {
		r    record.Resources
		k    Kernel
		kind errs.Kind
		text string
	}{
		{record.Resources{NanoCPUs: 5e9}, able(), errs.Invalid, "as there are only 4 CPUs available"},
		{record.Resources{NanoCPUs: 1e9}, none, errs.Unsupported, "NanoCPUs can not be set"},
		{record.Resources{CPURealtimeRuntime: 1000}, none, errs.Unsupported, "real-time scheduler"},
		{record.Resources{CpusetCpus: "2-4"}, able(), errs.Invalid, "Requested CPUs are not available - requested 2-4, available: 0-3"},
		{record.Resources{CpusetMems: "1"}, able(), errs.Invalid, "Requested memory nodes are not available - requested 1, available: 0"},
		{record.Resources{Unified: map[string]string{"memory.high": "1"}}, able(), errs.Unsupported, "cgroup v2 only"},
		{record.Resources{RdtClass: "a"}, none, errs.Unsupported, "no resctrl"},
		{record.Resources{RdtL3: "L3:0=f"}, noL3, errs.Unsupported, "info/L3"},
	} {
		_, err := Fit(&tc.r, tc.k)
		if !errs.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%+v: %v, want kind %s with %q", tc.r, err, tc.kind, tc.text)
		}
	}
}

func TestCheckLimits(t *testing.T) {
	for _, r := range []record.Resources{
		{MemorySwap: 1 << 30},
		{Memory: 2 << 30, MemorySwap: 1 << 30},
		{Memory: 1, MemoryReservation: 2},
		{NanoCPUs: 1, CPUPeriod: 1000},
		{NanoCPUs: 1, CPUQuota: 1000},
		{CPUPeriod: 999},
		{CPUQuota: 999},
		{CPURealtimePeriod: 1, CPURealtimeRuntime: 2},
	} {
		if err := CheckLimits(r); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if err := CheckLimits(allLimits()); err != nil {
		t.Error(err)
	}
}

func sda() Host {
	return Host{SwapLimit: true, Blocks: map[string]DeviceNumber{"/dev/sda": {8, 0}}}
}

func TestLimitsOfDevices(t *testing.T) {
	l := Limits(allLimits(), sda())
	if b := l.BlockIO; *b.Weight != 300 || *b.WeightDevice[0].Weight != 500 || b.WeightDevice[0].Major != 8 ||
		b.ThrottleReadBpsDevice[0].Rate != 500 || b.ThrottleWriteBpsDevice[0].Rate != 500 ||
		b.ThrottleReadIOPSDevice[0].Rate != 500 || b.ThrottleWriteIOPSDevice[0].Rate != 500 {
		t.Errorf("%+v", b)
	}
	if *l.Memory.Swappiness != 10 || !*l.Memory.DisableOOMKiller || *l.CPU.RealtimeRuntime != 1000 || *l.CPU.RealtimePeriod != 1000000 {
		t.Errorf("%+v %+v", l.Memory, l.CPU)
	}
	if rdt(allLimits()).L3CacheSchema != "L3:0=f" || rdt(record.Resources{}) != nil || rdt(record.Resources{RdtClass: "a"}).ClosID != "a" {
		t.Error("rdt")
	}
	h := sda()
	h.CgroupV2 = true
	l = Limits(allLimits(), h)
	if l.Memory.Swappiness != nil || l.Memory.DisableOOMKiller != nil || l.CPU.RealtimeRuntime != nil || l.CPU.RealtimePeriod != nil {
		t.Errorf("what v2 does not have is asked of it: %+v %+v", l.Memory, l.CPU)
	}
}

func TestChangesLiftWhatIsGone(t *testing.T) {
	c := Changes(allLimits(), record.Resources{}, sda(), able())
	m, cpu, b := c.Memory, c.CPU, c.BlockIO
	if *m.Limit != -1 || *m.Swap != -1 || *m.Reservation != -1 || !*m.CheckBeforeUpdate || *c.Pids.Limit != -1 {
		t.Errorf("memory: %+v", m)
	}
	if *cpu.Shares != 1024 || *cpu.Quota != -1 || *cpu.Period != 100000 || *cpu.RealtimeRuntime != 0 || *cpu.RealtimePeriod != 1000000 || cpu.Cpus != "0-3" || cpu.Mems != "0" {
		t.Errorf("cpu: %+v", cpu)
	}
	for _, l := range [][]specs.LinuxThrottleDevice{b.ThrottleReadBpsDevice, b.ThrottleWriteBpsDevice, b.ThrottleReadIOPSDevice, b.ThrottleWriteIOPSDevice} {
		if len(l) != 1 || l[0].Rate != math.MaxUint64 {
			t.Errorf("rates: %+v", l)
		}
	}
	if *b.Weight != 500 || *b.WeightDevice[0].Weight != 500 {
		t.Errorf("weights: %+v", b)
	}
	h := sda()
	h.CgroupV2 = true
	if c := Changes(allLimits(), record.Resources{}, h, able()); *c.Memory.Reservation != 1 {
		t.Errorf("memory.low stays at %d", *c.Memory.Reservation)
	}
	if c := Changes(record.Resources{}, record.Resources{}, sda(), able()); c.Memory != nil || c.CPU != nil || c.BlockIO != nil || c.Pids != nil {
		t.Errorf("nothing changed: %+v", c)
	}
}

func TestCgroupPaths(t *testing.T) {
	for _, tc := range []struct {
		host           record.Host
		parent         string
		runtime, below string
	}{
		{record.Host{}, "", "/pouch/x", "/pouch/x"},
		{record.Host{}, "/pouch-1a", "/pouch-1a/x", "/pouch-1a/x"},
		{record.Host{CgroupParent: "/my/own"}, "/pouch", "/my/own/x", "/my/own/x"},
		{record.Host{SystemdCgroup: true}, "/pouch", "system.slice:pouch:x", "/system.slice/pouch-x.scope"},
		{record.Host{SystemdCgroup: true, CgroupParent: "a-b.slice"}, "/pouch-1a", "a-b.slice:pouch-1a:x", "/a.slice/a-b.slice/pouch-1a-x.scope"},
		{record.Host{SystemdCgroup: true, CgroupParent: "-.slice"}, "", "-.slice:pouch:x", "/pouch-x.scope"},
	} {
		c := &record.Container{ID: "x", Host: tc.host}
		if got := cgroupsPath(c, Host{CgroupParent: tc.parent}); got != tc.runtime {
			t.Errorf("%+v: %s, want %s", tc, got, tc.runtime)
		}
		if got := CgroupPath(c, tc.parent); got != tc.below {
			t.Errorf("%+v: %s, want %s", tc, got, tc.below)
		}
	}
	for in, want := range map[string]string{"a.slice": "a.slice", "/a.slice": "a.slice", "-.slice": "-.slice", "a-b.slice": "a-b.slice"} {
		if got, err := CheckSlice(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "a", ".slice", "/a/b.slice", "a--b.slice", "-a.slice", "a:b.slice"} {
		if _, err := CheckSlice(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q passes: %v", bad, err)
		}
	}
}

func TestDeviceRules(t *testing.T) {
	rules := deviceRules(record.Host{DeviceRules: []string{"c 10:200 rw", "b *:* m"}}, nil)
	n := len(rules)
	tun, all := rules[n-2], rules[n-1]
	if !tun.Allow || tun.Type != "c" || *tun.Major != 10 || *tun.Minor != 200 || tun.Access != "rw" {
		t.Errorf("%+v", tun)
	}
	if all.Type != "b" || all.Major != nil || all.Minor != nil || all.Access != "m" {
		t.Errorf("%+v", all)
	}
}

func TestScopesAreCollected(t *testing.T) {
	const key = "org.systemd.property.CollectMode"
	c := &record.Container{Annotations: record.Labels{"a": "b"}}
	if got := annotations(c); !reflect.DeepEqual(got, c.Annotations) {
		t.Errorf("without systemd: %v", got)
	}
	c.Host.SystemdCgroup = true
	if got := annotations(c); got["a"] != "b" || got[key] != "'inactive-or-failed'" || len(c.Annotations) != 1 {
		t.Errorf("%v, the record has %v", got, c.Annotations)
	}
	c.Annotations[key] = "'inactive'"
	if got := annotations(c); got[key] != "'inactive'" {
		t.Errorf("the user's word does not count: %v", got)
	}
}
