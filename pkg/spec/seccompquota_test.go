package spec

import (
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestExcept(t *testing.T) {
	list := except(setAttributes, setFlags)
	if len(list) > 28 {
		t.Errorf("%d conditions", len(list))
	}
	for n := range uint64(1 << 16) {
		for _, high := range []uint64{0, 0x401c0000, 0x1_ffff_0000} {
			holds := 0
			for _, a := range list {
				if (high|n)&a.Value == a.ValueTwo {
					holds++
				}
			}
			want := 1
			if n == setAttributes || n == setFlags {
				want = 0
			}
			if holds != want {
				t.Fatalf("%#x: %d conditions hold, not %d", high|n, holds, want)
			}
		}
	}
}

// A container with a limit may not take files out of their project; another, one in
// a user namespace, for which the kernel refuses it, and one whose filter is its
// caller's have the ioctl as ever.
func TestSeccompKeepsProjects(t *testing.T) {
	conditions := func(change func(*record.Container), h Host) (free, bound int) {
		c := &record.Container{}
		change(c)
		f, err := seccompFilter(c, h, &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}, Linux: &specs.Linux{}})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range f.Syscalls {
			if slices.Contains(s.Names, "ioctl") && s.Action == specs.ActAllow && len(s.Args) == 0 {
				free++
			} else if slices.Contains(s.Names, "ioctl") {
				bound++
			}
		}
		return free, bound
	}
	nothing := func(*record.Container) {}
	if free, bound := conditions(nothing, Host{Seccomp: true, DiskLimits: true}); free != 0 || bound == 0 {
		t.Errorf("with a limit: %d free, %d bound", free, bound)
	}
	for name, c := range map[string]struct {
		change func(*record.Container)
		h      Host
	}{
		"without a limit":       {nothing, Host{Seccomp: true}},
		"with a user namespace": {func(c *record.Container) { c.Host.UIDMap = []record.IDMap{{Size: 1}} }, Host{Seccomp: true, DiskLimits: true}},
		"with a filter of its own": {func(c *record.Container) {
			c.Host.Seccomp = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["ioctl"],"action":"SCMP_ACT_ALLOW"}]}`
		}, Host{Seccomp: true, DiskLimits: true}},
	} {
		if free, bound := conditions(c.change, c.h); free != 1 || bound != 0 {
			t.Errorf("%s: %d free, %d bound", name, free, bound)
		}
	}
}
