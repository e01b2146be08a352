package cgroup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// TestUsageReadsBothVersions reads files as the kernel writes them.
func TestUsageReadsBothVersions(t *testing.T) {
	files := func(content map[string]string) string {
		dir := t.TempDir()
		for name, text := range content {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	first := files(map[string]string{
		"cpuacct.usage": "1500000000\n", "memory.usage_in_bytes": "1000000\n", "memory.limit_in_bytes": "67108864\n",
		"memory.stat":  "cache 5\ninactive_file 7\ntotal_inactive_file 400000\n",
		"pids.current": "3\n",
		"blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\n8:16 Read 1\nTotal 12289\n",
	})
	second := files(map[string]string{
		"cpu.stat": "usage_usec 1500000\nuser_usec 1\n", "memory.current": "1000000\n", "memory.max": "max\n",
		"memory.stat":  "file 9\ninactive_file 400000\n",
		"pids.current": "3\n",
		"io.stat":      "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=0\n",
	})
	want := Usage{CPU: 1500 * time.Millisecond, Memory: 600000, MemoryCharged: 1000000, MemoryLimit: 67108864, Pids: 3, Read: 4097, Written: 8192}
	v1 := &Group{dirs: []dir{{path: first, controllers: []string{"cpuacct", "memory", "pids", "blkio"}}}}
	if got, err := v1.Usage(); err != nil || got != want {
		t.Errorf("v1: %+v, %v", got, err)
	}
	want.MemoryLimit = 0
	if got, err := (&Group{dirs: []dir{{path: second, v2: true}}}).Usage(); err != nil || got != want {
		t.Errorf("v2: %+v, %v", got, err)
	}
	none := &Group{dirs: []dir{{path: filepath.Join(first, "gone"), v2: true}}}
	if _, err := none.Usage(); !errs.Is(err, errs.NotFound) {
		t.Errorf("a group that is gone: %v", err)
	}
}

func TestUsageOfProcesses(t *testing.T) {
	g := made(t)
	if err := start(t, g, "sub/sub", "exit 0").Wait(); err != nil { // the time of one that has ended has been counted
		t.Fatal(err)
	}
	start(t, g, "sub/sub", "exec sleep 1000")
	u, err := g.Usage()
	if err != nil || u.Pids != 1 || u.CPU == 0 {
		t.Errorf("%+v, %v", u, err)
	}
}
