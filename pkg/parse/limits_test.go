package parse

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestBlockDevices(t *testing.T) {
	check(t, BlkioWeight, []row[uint16]{
		{in: "0"},
		{in: "10", want: 10},
		{in: "1000", want: 1000},
		{in: "9", err: "10 to 1000"},
		{in: "1001", err: "10 to 1000"},
		{in: "x", err: "10 to 1000"},
		{in: "", err: "10 to 1000"},
	})
	check(t, WeightDevice, []row[record.DeviceRate]{
		{in: "/dev/sda:300", want: record.DeviceRate{Path: "/dev/sda", Rate: 300}},
		{in: "/dev/sda:5", err: "invalid weight for device"},
		{in: "/dev/sda", err: "bad format"},
		{in: "sda:300", err: "bad format for device path"},
	})
	check(t, DeviceBps, []row[record.DeviceRate]{
		{in: "/dev/sda:1mb", want: record.DeviceRate{Path: "/dev/sda", Rate: 1 << 20}},
		{in: "/dev/disk/by-path/pci-0000:00:1f.2:1024", want: record.DeviceRate{Path: "/dev/disk/by-path/pci-0000:00:1f.2", Rate: 1024}},
		{in: "/dev/sda:0", want: record.DeviceRate{Path: "/dev/sda"}},
		{in: "/dev/sda:-1", err: "invalid rate for device"},
		{in: "/dev/sda:", err: "invalid rate for device"},
	})
	check(t, DeviceIOps, []row[record.DeviceRate]{
		{in: "/dev/sda:1000", want: record.DeviceRate{Path: "/dev/sda", Rate: 1000}},
		{in: "/dev/sda:1k", err: "invalid rate for device"},
		{in: "/dev/sda:4294967296", err: "invalid rate for device"},
	})
}

func TestDeviceRule(t *testing.T) {
	check(t, DeviceRule, []row[string]{
		{in: "c 1:3 rwm", want: "c 1:3 rwm"},
		{in: "b *:* m", want: "b *:* m"},
		{in: "a *:* rwm", want: "a *:* rwm"},
		{in: "c 1:3", err: "invalid device cgroup format"},
		{in: "x 1:3 r", err: "invalid"},
		{in: "c 1:3 rr", err: "invalid"},
		{in: "c -1:3 r", err: "invalid"},
		{in: "c 1 r", err: "invalid"},
		{in: "c  1:3 r", err: "invalid"},
		{in: "", err: "invalid"},
		{in: "ab 1:3 r", err: "invalid"},
		{in: "c 2147483648:3 r", err: "invalid"},
	})
}

func TestCgroupSettings(t *testing.T) {
	conf := func(s string) ([2]string, error) {
		k, v, err := CgroupConf(s)
		return [2]string{k, v}, err
	}
	check(t, conf, []row[[2]string]{
		{in: "memory.high=1G", want: [2]string{"memory.high", "1G"}},
		{in: "hugetlb.2MB.max=0", want: [2]string{"hugetlb.2MB.max", "0"}},
		{in: "io.max=8:0 rbps=1", want: [2]string{"io.max", "8:0 rbps=1"}},
		{in: "cgroup.max.depth=3", want: [2]string{"cgroup.max.depth", "3"}},
		{in: "cgroup.procs=1", err: "not a container's to set"},
		{in: "memory=1", err: "invalid cgroup setting"},
		{in: "memory.high", err: "invalid cgroup setting"},
		{in: "../memory.high=1", err: "invalid cgroup setting"},
		{in: "a/memory.high=1", err: "invalid cgroup setting"},
	})
	check(t, L3Schema, []row[string]{
		{in: "L3:0=ff;1=f", want: "L3:0=ff;1=f"},
		{in: "0=ff", want: "L3:0=ff"},
		{in: "0=0xff", want: "L3:0=0xff"},
		{in: "", err: "invalid L3 schema"},
		{in: "L3:0=0", err: "invalid"},
		{in: "L3:0=xyz", err: "invalid"},
		{in: "MB:0=10;", err: "invalid"},
	})
	check(t, RdtClass, []row[string]{
		{in: "gold", want: "gold"}, {in: "a/b", err: "invalid RDT class"}, {in: "..", err: "invalid"}, {in: "info", err: "invalid"}, {in: "", err: "invalid"},
	})
	check(t, KernelMemory, []row[int64]{{in: "0"}, {in: "4m", want: 4 << 20}, {in: "1m", err: "Minimum kernel memory limit allowed is 4MB"}})
	swappiness := func(s string) (int64, error) {
		n, err := Swappiness(s)
		if n == nil {
			return -1, err
		}
		return *n, err
	}
	check(t, swappiness, []row[int64]{{in: "-1", want: -1}, {in: "0"}, {in: "100", want: 100}, {in: "101", err: "0-100"}, {in: "x", err: "0-100"}})
}

func FuzzDeviceBps(f *testing.F) {
	fuzz(f, DeviceBps, func(t *testing.T, in string, v record.DeviceRate) {
		if !strings.HasPrefix(v.Path, "/") {
			t.Fatalf("%q gives %+v", in, v)
		}
	}, "/dev/sda:1mb", "/dev/../x:1")
}

func FuzzDeviceRule(f *testing.F) { fuzz(f, DeviceRule, nil, "c 1:3 rwm", "a *:* r") }

func FuzzCgroupConf(f *testing.F) {
	read := func(s string) (string, error) {
		k, _, err := CgroupConf(s)
		return k, err
	}
	fuzz(f, read, func(t *testing.T, in, v string) {
		if strings.ContainsAny(v, "/\x00") {
			t.Fatalf("%q gives %q", in, v)
		}
	}, "memory.high=1", "a..b=1")
}

func FuzzL3Schema(f *testing.F) { fuzz(f, L3Schema, nil, "L3:0=ff;1=f") }
