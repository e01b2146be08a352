package cgroup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func realtime(runtime int64) *specs.LinuxResources {
	return &specs.LinuxResources{CPU: &specs.LinuxCPU{RealtimeRuntime: &runtime}}
}

// TestAllowRealtime has the group below it stand for a container's: again and
// again, and more, the groups above have what they need and do not grow.
func TestAllowRealtime(t *testing.T) {
	parent := made(t)
	dir := parent.controller("cpu")
	if _, err := os.Stat(filepath.Join(dir, rtRuntime)); err != nil {
		t.Skip("needs real-time groups: ", err)
	}
	g, err := Of(parent.Path("cpu") + "/sub/sub")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{1000, 1000, 3000, 2000, 1000} {
		if err := g.AllowRealtime(realtime(want)); err != nil {
			t.Fatal(err)
		}
		if got := number(filepath.Join(dir, "sub", "sub"), rtRuntime); got != want {
			t.Errorf("%d, want %d", got, want)
		}
		if got := number(dir, rtRuntime); got < want || got > 3000 {
			t.Errorf("the group above has %d for %d", got, want)
		}
	}
	if err := g.AllowRealtime(realtime(2000000)); err == nil {
		t.Error("more than the machine has")
	}
	if err := g.AllowRealtime(nil); err != nil {
		t.Error(err)
	}
}

func TestLimitKernelMemory(t *testing.T) {
	g := made(t)
	if err := g.LimitKernelMemory(&specs.LinuxResources{}); err != nil {
		t.Fatal(err)
	}
	limit := int64(64 << 20)
	err := g.LimitKernelMemory(&specs.LinuxResources{Memory: &specs.LinuxMemory{Kernel: &limit}}) //nolint:staticcheck // it is the schema's
	got := number(g.controller("memory"), "memory.kmem.limit_in_bytes")
	if err == nil && got != limit || err != nil && !errs.Is(err, errs.Unsupported) {
		t.Errorf("limit %d, %v", got, err)
	}
}
