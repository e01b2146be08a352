package container

import (
	"testing"
	"time"

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

func TestWithoutUnit(t *testing.T) {
	got := withoutUnit([]string{"PATH=/bin", "NOTIFY_SOCKET=/x", "WATCHDOG_USEC=1", "LISTEN_FDS=1", "HOME=/"})
	if len(got) != 2 || got[0] != "PATH=/bin" || got[1] != "HOME=/" {
		t.Error(got)
	}
}
