package container

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestWantsRestore(t *testing.T) {
	ran := record.State{Status: record.Exited, Started: time.Now(), ExitCode: 1}
	state := func(change func(*record.State)) record.State {
		st := ran
		change(&st)
		return st
	}
	byUser := state(func(st *record.State) { st.StoppedByUser = true })
	atBoot := state(func(st *record.State) { st.EndedBy = record.ByShutdown })
	running := state(func(st *record.State) { st.Status = record.Running })
	never := record.State{Status: record.Created}
	for name, c := range map[string]struct {
		policy string
		st     record.State
		want   bool
	}{
		"always":                        {"always", ran, true},
		"always, stopped by a user":     {"always", byUser, true},
		"always, runs":                  {"always", running, false},
		"always, never started":         {"always", never, false},
		"unless-stopped":                {"unless-stopped", atBoot, true},
		"unless-stopped, stopped":       {"unless-stopped", byUser, false},
		"on-failure, ran at the boot":   {"on-failure", atBoot, true},
		"on-failure, had given up":      {"on-failure", ran, false},
		"on-failure, stopped by a user": {"on-failure", byUser, false},
		"no policy":                     {"", atBoot, false},
		"no":                            {"no", atBoot, false},
	} {
		rec := &record.Container{Policy: record.Policy{Restart: record.Restart{Name: c.policy}}}
		if got := wantsRestore(rec, &c.st); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Who was too late the first time gets another, when the others are done; what
// cannot succeed is not repeated.
func TestInsist(t *testing.T) {
	var list []Summary
	for _, name := range []string{"late", "broken", "well"} {
		list = append(list, Summary{Container: &record.Container{SchemaVersion: 1, Name: name}})
	}
	var calls sync.Map
	do := func(_ context.Context, c *record.Container) error {
		n, again := calls.LoadOrStore(c.Name, 1)
		if again {
			calls.Store(c.Name, n.(int)+1)
		}
		switch {
		case c.Name == "late" && !again:
			return errs.New(errs.Unavailable, "held by another command")
		case c.Name == "broken":
			return errs.New(errs.Invalid, "no such folder")
		}
		return nil
	}
	got := (&Manager{}).insist(t.Context(), list, do)
	for i, want := range []struct {
		name  string
		calls int
		fails bool
	}{{"late", 2, false}, {"broken", 1, true}, {"well", 1, false}} {
		n, _ := calls.Load(want.name)
		if r := got[i]; r.Name != want.name || (r.Err != nil) != want.fails || n != want.calls {
			t.Errorf("%s: %+v after %v calls, want %+v", r.Name, r, n, want)
		}
	}
}

func TestRestoreRound(t *testing.T) {
	for name, c := range map[string]struct {
		c    record.Container
		want int
	}{
		"fixed":        {record.Container{NetworkMode: "n", Networks: []record.Join{{Network: "m"}, {Network: "n", IPv4: "10.0.0.5"}}}, 0},
		"fixed, IPv6":  {record.Container{NetworkMode: "n", Networks: []record.Join{{Network: "n", IPv6: "fd00::5"}}}, 0},
		"any":          {record.Container{NetworkMode: "n", Networks: []record.Join{{Network: "n"}}}, 1},
		"none":         {record.Container{NetworkMode: "none"}, 1},
		"of another":   {record.Container{NetworkMode: "container:x"}, 2},
		"with a link":  {record.Container{NetworkMode: "bridge", Links: make([]record.Link, 1)}, 2},
		"another's ns": {record.Container{NetworkMode: "none", Host: record.Host{PidMode: "container:x"}}, 2},
	} {
		if got := restoreRound(&c.c); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestWithoutUnit(t *testing.T) {
	got := withoutUnit([]string{"PATH=/bin", "NOTIFY_SOCKET=/x", "WATCHDOG_USEC=1", "LISTEN_FDS=1", "HOME=/"})
	if len(got) != 2 || got[0] != "PATH=/bin" || got[1] != "HOME=/" {
		t.Error(got)
	}
}
