package supervisor

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

func TestLimitedFigures(t *testing.T) {
	const mb = 1 << 20
	for name, tt := range map[string]struct {
		use                            cgroup.Usage
		r                              record.Resources
		total, free, swap, swapFreeMiB uint64
	}{
		"no limit":         {cgroup.Usage{Memory: 5 * mb}, record.Resources{}, 1024, 512, 100, 80},
		"above the host's": {cgroup.Usage{MemoryLimit: 1 << 40}, record.Resources{}, 1024, 512, 100, 80},
		"as much swap":     {cgroup.Usage{MemoryLimit: 64 * mb, MemoryCharged: 4 * mb}, record.Resources{Memory: 64 * mb}, 64, 60, 64, 64},
		"swap":             {cgroup.Usage{MemoryLimit: 64 * mb}, record.Resources{Memory: 64 * mb, MemorySwap: 74 * mb}, 64, 64, 10, 10},
		"file pages":       {cgroup.Usage{MemoryLimit: 64 * mb, Memory: 4 * mb, MemoryCharged: 24 * mb}, record.Resources{Memory: 64 * mb}, 64, 40, 64, 64},
		"no swap":          {cgroup.Usage{MemoryLimit: 64 * mb}, record.Resources{Memory: 64 * mb, MemorySwap: 64 * mb}, 64, 64, 0, 0},
		"all swap":         {cgroup.Usage{MemoryLimit: 64 * mb, MemoryCharged: 99 * mb}, record.Resources{Memory: 64 * mb, MemorySwap: -1}, 64, 0, 100, 80},
	} {
		i := unix.Sysinfo_t{Totalram: 1024, Freeram: 512, Totalswap: 100, Freeswap: 80, Unit: mb}
		tt.use.Pids = 3
		limited(&i, tt.use, tt.r)
		if i.Totalram != tt.total*mb || i.Freeram != tt.free*mb || i.Totalswap != tt.swap*mb || i.Freeswap != tt.swapFreeMiB*mb || i.Procs != 3 || i.Unit != 1 {
			t.Errorf("%s: %+v", name, i)
		}
	}
}
