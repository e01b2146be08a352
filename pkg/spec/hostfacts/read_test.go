package hostfacts

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestRead(t *testing.T) {
	h, err := Read(&record.Container{})
	if err != nil {
		t.Fatal(err)
	}
	name, _ := os.Hostname()
	if h.Hostname != name || h.NofileHard == 0 || !h.Seccomp || len(h.Devices) != 0 {
		t.Errorf("got %+v", h)
	}
	if os.Getuid() == 0 && !slices.Contains(h.Capabilities, "CAP_CHOWN") {
		t.Errorf("capabilities: %v", h.Capabilities)
	}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); h.CgroupV2 != (err == nil) {
		t.Errorf("cgroup version 2: %v", h.CgroupV2)
	}
}

func TestDevices(t *testing.T) {
	link := filepath.Join(t.TempDir(), "zero")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	asked := func(d record.Device) ([]string, error) {
		got, err := devices(record.Host{Devices: []record.Device{d}})
		var out []string
		for _, g := range got {
			out = append(out, g.Type+" "+g.Path+" "+g.Access)
		}
		return out, err
	}
	got, err := asked(record.Device{HostPath: link, ContainerPath: "/dev/z", Permissions: "r"})
	if err != nil || !slices.Equal(got, []string{"c /dev/z r"}) {
		t.Errorf("link: %v, %v", got, err)
	}
	got, err = asked(record.Device{HostPath: "/dev", ContainerPath: "/x", Permissions: "rw"})
	if err != nil || !slices.Contains(got, "c /x/null rw") || slices.Contains(got, "c /x/pts/ptmx rw") {
		t.Errorf("folder: %v, %v", got, err)
	}
	for path, kind := range map[string]errs.Kind{"/nosuch": errs.NotFound, "/etc/passwd": errs.Invalid, t.TempDir(): errs.Invalid} {
		if got, err := asked(record.Device{HostPath: path, ContainerPath: "/x", Permissions: "r"}); !errs.Is(err, kind) {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
}

func TestPrivilegedDevices(t *testing.T) {
	got, err := devices(record.Host{Privileged: true, Devices: []record.Device{{HostPath: "/dev/null", ContainerPath: "/dev/null", Permissions: "r"}}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, d := range got {
		if _, twice := seen[d.Path]; twice || own(filepath.Dir(d.Path)) || d.Path == "/dev/console" {
			t.Errorf("device %s", d.Path)
		}
		seen[d.Path] = d.Access
	}
	if seen["/dev/null"] != "r" || seen["/dev/zero"] != "rwm" {
		t.Errorf("got %v", seen)
	}
}

func TestThrottlePaths(t *testing.T) {
	dir := t.TempDir()
	if got := throttlePaths(dir); got != nil {
		t.Errorf("none there: %v", got)
	}
	for _, d := range []string{"cpu0/thermal_throttle", "cpu2/thermal_throttle", "cpu1"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "possible"), []byte("0-1,2,x,9-4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []string{dir + "/cpu0/thermal_throttle", dir + "/cpu2/thermal_throttle"}
	if got := throttlePaths(dir); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestKernelAtLeast(t *testing.T) {
	if !kernelAtLeast(2, 6) || !kernelAtLeast(3, 0) || kernelAtLeast(999, 0) {
		t.Error("wrong order of versions")
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := Read(&record.Container{}); err != nil {
			b.Fatal(err)
		}
	}
}
