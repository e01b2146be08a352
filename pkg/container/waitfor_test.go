package container

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// quick looks seldom: what is awaited must be told.
func quick(conditions ...string) WaitOpts {
	return WaitOpts{Conditions: conditions, Interval: time.Hour}
}

func TestConditionsThatHold(t *testing.T) {
	w := newWorld(t)
	st := w.running(w.self())
	st.Health = &record.HealthState{Status: "healthy"}
	w.supervise(w.add("runs", st, nil).ID, func(*ctl.Conn) {})
	w.add("made", record.State{Status: record.Created}, nil)
	w.add("over", record.State{Status: record.Exited, ExitCode: 3}, nil)
	for _, tc := range []struct {
		target    string
		condition string
		want      int
	}{
		{"runs", "running", -1},
		{"runs", "healthy", -1},
		{"made", "created", -1},
		{"made", "configured", -1},
		{"made", "not-running", 0},
		{"over", "exited", 3},
		{"over", "stopped", 3},
		{"over", "not-running", 3},
	} {
		if got, err := w.WaitFor(t.Context(), tc.target, quick(tc.condition)); err != nil || got != tc.want {
			t.Errorf("%s %s: %d, %v", tc.target, tc.condition, got, err)
		}
	}
	if _, err := w.WaitFor(t.Context(), "runs", quick("bored")); !errs.Is(err, errs.Invalid) {
		t.Errorf("%v", err)
	}
	if _, err := w.WaitFor(t.Context(), "nosuch", quick("running")); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v", err)
	}
}

func TestConditionsAreTold(t *testing.T) {
	w := newWorld(t)
	c := w.add("later", record.State{Status: record.Created}, nil)
	type result struct {
		code int
		err  error
	}
	waiting := func(conditions ...string) <-chan result {
		out := make(chan result, 1)
		go func() {
			code, err := w.WaitFor(context.Background(), c.ID, quick(conditions...))
			out <- result{code, err}
		}()
		return out
	}
	get := func(what string, ch <-chan result) result {
		t.Helper()
		select {
		case r := <-ch:
			return r
		case <-time.After(time.Minute):
			t.Fatalf("%s is not told", what)
		}
		return result{}
	}
	paused, gone, either := waiting("paused"), waiting("removed"), waiting("restarting", "exited")
	awaitWatchers(t, w.Store.ContainerDir(c.ID), 4) // all look; the last one in two ways
	child, p := w.child("echo; exec sleep 300")
	st := w.running(p)
	st.Status = record.Paused
	for _, next := range []record.State{st, {Status: record.Exited, ExitCode: 5, Finished: time.Now()}} {
		for range 2 { // one who begins to look just now sees it, too
			if err := w.Store.SetStateVolatile(c.ID, &next); err != nil {
				t.Fatal(err)
			}
		}
		if next.Status == record.Paused {
			if r := get("paused", paused); r.err != nil || r.code != -1 {
				t.Errorf("paused: %+v", r)
			}
		}
	}
	child.Process.Kill()
	child.Wait()
	if r := get("exited", either); r.err != nil || r.code != 5 {
		t.Errorf("exited: %+v", r)
	}
	w.event(c, "die", record.Labels{"exitCode": "5"})
	if err := w.Store.RemoveContainer(c.ID); err != nil {
		t.Fatal(err)
	}
	if r := get("removed", gone); r.err != nil || r.code != 5 {
		t.Errorf("removed: %+v", r)
	}
}

// awaitWatchers waits until a folder has so many watchers in this process
// (proc_pid_fdinfo(5)).
func awaitWatchers(t *testing.T, dir string, n int) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	folder := fmt.Sprintf(" ino:%x ", st.Ino)
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(time.Millisecond) {
		found := 0
		infos, _ := filepath.Glob("/proc/self/fdinfo/*")
		for _, f := range infos {
			text, _ := os.ReadFile(f) // it may be closed by now
			found += strings.Count(string(text), folder)
		}
		if found >= n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d watch", found)
		}
	}
}

func TestNextExitIsAskedOfTheSupervisor(t *testing.T) {
	w := newWorld(t)
	c := w.add("loop", w.running(w.self()), nil)
	w.supervise(c.ID, func(conn *ctl.Conn) {
		m, _, err := conn.Recv()
		if err == nil && m.Op == ctl.Wait && m.Next {
			conn.Send(&ctl.Message{Op: ctl.Exited, ExitCode: 9})
		}
	})
	if code, err := w.WaitFor(t.Context(), "loop", quick("next-exit")); err != nil || code != 9 {
		t.Errorf("%d, %v", code, err)
	}
}
