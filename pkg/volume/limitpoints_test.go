//go:build linux && amd64

package volume

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/test/killpoint"
)

const pointsVictimEnv = "POUCH_TEST_POINTS_VICTIM"

// TestLimitKillPoints kills a process before system calls of its that change the
// world, every seventh or as POUCH_KILL_EVERY says, while it makes, fills and removes
// a volume with a limit. Whatever is left, after one Clean it is there with its limit
// or not at all, and no other project has a limit.
func TestLimitKillPoints(t *testing.T) {
	if dir := os.Getenv(pointsVictimEnv); dir != "" {
		pointsVictim(dir)
		return
	}
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		must(t, os.MkdirAll(s.Root+"/image/data/x", 0o755))
		step, err := strconv.Atoi(os.Getenv("POUCH_KILL_EVERY"))
		if err != nil || step < 1 {
			step = 7
		}
		at := 1
		for ; ; at += step {
			r := runToPoint(t, s, at)
			if !r.Killed {
				if r.Code != 0 {
					t.Errorf("not killed: exit %d", r.Code)
				}
				break
			}
			must(t, m.Clean(context.Background()))
			clean(t, m)
			if v, err := m.get("pv"); err == nil {
				must(t, m.keepLimit(context.Background(), v))
				if got := quotatest.Limited(t, s.Root); len(got) != 1 || got[0] != v.Quota.Project {
					t.Fatalf("point %d, %s: the volume has project %d, limited are %v", at, r.Call, v.Quota.Project, got)
				}
			}
			must(t, m.Remove(context.Background(), "pv", true))
			if got := quotatest.Limited(t, s.Root); len(got) != 0 {
				t.Fatalf("point %d, %s: left with a limit: %v", at, r.Call, got)
			}
		}
		if at < 30 {
			t.Error("those cannot be all")
		}
	})
}

func runToPoint(t *testing.T, s *store.Store, at int) killpoint.Result {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	nsenter, err := exec.LookPath("nsenter")
	must(t, err)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	must(t, err)
	defer null.Close()
	// It is started by another thread than the test's, whose mounts it needs.
	ns := fmt.Sprintf("--mount=/proc/%d/task/%d/ns/mnt", os.Getpid(), unix.Gettid())
	r, err := killpoint.Run([]string{nsenter, ns, self, "-test.run=^TestLimitKillPoints$"}, &os.ProcAttr{
		Env:   append(os.Environ(), pointsVictimEnv+"="+filepath.Dir(s.Root)),
		Files: []*os.File{null, null, os.Stderr}, Sys: &syscall.SysProcAttr{},
	}, at)
	must(t, err)
	return r
}

func pointsVictim(dir string) {
	s, err := store.Open(dir+"/r", dir+"/u")
	m, ctx := Open(s), context.Background()
	if err == nil {
		_, err = m.Create(ctx, CreateOptions{Name: "pv", Options: map[string]string{"size": "1m"}})
	}
	if err == nil {
		err = Populate(ctx, s, "pv", s.Root+"/image", "/data")
	}
	if err == nil {
		err = m.Remove(ctx, "pv", false)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
