package lxcfs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// service is the lxcfs of a run-root of the test's own; nothing of it is left.
func service(t *testing.T) *Service {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	s, err := store.Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	v := Of(s)
	if _, err := v.program(); err != nil {
		t.Skipf("%v", err)
	}
	t.Cleanup(func() {
		if err := v.Stop(context.Background(), true); err != nil {
			t.Error(err)
		}
		if n, runs := v.find(); runs {
			t.Errorf("process %d is left", n.Proc.Pid)
		}
		if ms, err := mount.Below("/"); err != nil || strings.Contains(fmt.Sprint(ms), Type) {
			t.Errorf("mounts of lxcfs here: %v", err)
		}
	})
	return v
}

func status(t *testing.T, v *Service) Status {
	t.Helper()
	st, err := v.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestStart(t *testing.T) {
	v := service(t)
	ctx := context.Background()
	if st := status(t, v); st.State != "stopped" {
		t.Errorf("%+v before its start", st)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := Of(v.s).Start(ctx, false); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	first := status(t, v)
	if first.State != "running" || first.Keep {
		t.Fatalf("%+v", first)
	}
	if n := count(v.dir()); n != 1 {
		t.Errorf("%d run", n)
	}
	foreign, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", first.Proc.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(foreign)) {
		if at := strings.Fields(line)[4]; !ofSystem(at) && at != private && at != v.dir() {
			t.Errorf("it keeps %s busy", at)
		}
	}
	// Without its note, as when the command that started it was killed.
	if err := os.Remove(v.s.LxcfsNote()); err != nil {
		t.Fatal(err)
	}
	if err := v.Start(ctx, true); err != nil {
		t.Fatal(err)
	}
	if st := status(t, v); st.Proc != first.Proc || !st.Keep {
		t.Errorf("%+v after %+v", st, first)
	}
	if _, idle, err := v.Idle(""); idle || err != nil {
		t.Errorf("one that shall stay is idle: %v", err)
	}
	if err := v.Stop(ctx, false); err != nil || proc.Alive(first.Proc) {
		t.Errorf("stop: %v", err)
	}
}

// count is how many lxcfs there are that mount at dir.
func count(dir string) int {
	n := 0
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, l := range lines {
		if b, err := os.ReadFile(l); err == nil && strings.HasSuffix(string(b), "\x00"+dir+"\x00") {
			n++
		}
	}
	return n
}

// One that was killed, or lives and answers nobody, is replaced.
func TestStartReplaces(t *testing.T) {
	v := service(t)
	v.limit /= 4
	ctx := context.Background()
	for _, sig := range []unix.Signal{unix.SIGKILL, unix.SIGSTOP} {
		if err := v.Start(ctx, false); err != nil {
			t.Fatal(err)
		}
		old := status(t, v).Proc
		if err := proc.Signal(old, sig); err != nil {
			t.Fatal(err)
		}
		if sig == unix.SIGSTOP {
			if st := status(t, v); st.State != "hung" {
				t.Errorf("stopped, it is %s", st.State)
			}
		}
		if err := v.Start(ctx, false); err != nil {
			t.Fatal(err)
		}
		if st := status(t, v); st.State != "running" || st.Proc == old || proc.Alive(old) {
			t.Errorf("%v: %+v after %+v", sig, st, old)
		}
	}
	if err := v.Release(ctx, ""); err != nil { // no container uses it
		t.Fatal(err)
	}
	if st := status(t, v); st.State != "stopped" {
		t.Errorf("released, it is %s", st.State)
	}
}

func TestMountAt(t *testing.T) {
	v := service(t)
	dir := t.TempDir()
	err := mount.Apart(func() error {
		if err := v.MountAt(context.Background(), dir); err != nil {
			return err
		}
		for _, f := range Files() {
			if b, err := os.ReadFile(filepath.Join(dir, f)); err != nil || len(b) == 0 {
				t.Errorf("%s: %q, %v", f, b, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMissing(t *testing.T) {
	v := service(t)
	v.dirs = []string{t.TempDir()}
	err := v.Start(context.Background(), false)
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "apt-get install lxcfs") {
		t.Errorf("error %v", err)
	}
	// One that fails says why.
	fake := "#!/bin/sh\necho no such luck >&2\n"
	if err := os.WriteFile(filepath.Join(v.dirs[0], "lxcfs"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := v.Start(context.Background(), false); !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("error %v", err)
	}
}
