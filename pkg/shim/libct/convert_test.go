package libct

import (
	"testing"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestUnitsOfCgroup2 holds libcontainer to what Pouch's documentation says of
// docker's units on cgroup v2: the ends of each range, and its default.
func TestUnitsOfCgroup2(t *testing.T) {
	for shares, weight := range map[uint64]uint64{2: 1, 512: 59, 1024: 100, 262144: 10000} {
		cg, err := specconv.CreateCgroupConfig(&specconv.CreateOpts{Spec: &specs.Spec{Linux: &specs.Linux{
			Resources: &specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: &shares}},
		}}}, nil)
		if err != nil || cg.CpuWeight != weight {
			t.Errorf("%d shares: weight %d, want %d, %v", shares, cg.CpuWeight, weight, err)
		}
	}
	for weight, want := range map[uint16]uint64{10: 1, 20: 102, 1000: 10000} {
		if got := cgroups.ConvertBlkIOToIOWeightValue(weight); got != want {
			t.Errorf("blkio weight %d: io.weight %d, want %d", weight, got, want)
		}
	}
	for _, tc := range []struct{ swap, memory, want int64 }{
		{128, 64, 64}, {64, 64, 0}, {-1, 64, -1}, {0, -1, -1},
	} {
		if got, err := cgroups.ConvertMemorySwapToCgroupV2Value(tc.swap, tc.memory); err != nil || got != tc.want {
			t.Errorf("memory-swap %d of memory %d: %d, want %d, %v", tc.swap, tc.memory, got, tc.want, err)
		}
	}
	if _, err := cgroups.ConvertMemorySwapToCgroupV2Value(32, 64); err == nil {
		t.Error("memory-swap below memory")
	}
}
