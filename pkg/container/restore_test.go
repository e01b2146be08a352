package container

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
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

// Who was too late the first time gets another, when the others are done, and as many as
// it takes where it is waiting that takes the time; what cannot succeed is not repeated.
func TestInsist(t *testing.T) {
	synctest.Test(t, insists)
}

func insists(t *testing.T) {
	outcomes := map[string][]struct {
		takes time.Duration
		err   error
	}{
		"late":    {{0, errs.New(errs.Unavailable, "held by another command")}, {0, nil}},
		"starved": {{10 * time.Second, errs.New(errs.Unavailable, "no answer")}, {10 * time.Second, errs.New(errs.Unavailable, "no answer")}, {10 * time.Second, nil}},
		"full":    {{0, errs.New(errs.Unavailable, "no free address")}, {0, errs.New(errs.Unavailable, "no free address")}},
		"broken":  {{0, errs.New(errs.Invalid, "no such folder")}},
		"well":    {{0, nil}},
	}
	var list []Summary
	for name := range outcomes {
		list = append(list, Summary{Container: &record.Container{SchemaVersion: 1, Name: name}})
	}
	var mu sync.Mutex
	calls := map[string]int{}
	do := func(_ context.Context, c *record.Container) error {
		mu.Lock()
		n := calls[c.Name]
		calls[c.Name]++
		mu.Unlock()
		if n >= len(outcomes[c.Name]) {
			t.Errorf("%s is tried once more", c.Name)
			return nil
		}
		time.Sleep(outcomes[c.Name][n].takes)
		return outcomes[c.Name][n].err
	}
	for _, r := range (&Manager{}).insist(t.Context(), list, do) {
		want := outcomes[r.Name]
		if n := len(want); calls[r.Name] != n || r.Err != want[n-1].err {
			t.Errorf("%s: %v after %d tries", r.Name, r.Err, calls[r.Name])
		}
	}
}

// It does not go on for ever.
func TestInsistEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		list := []Summary{{Container: &record.Container{SchemaVersion: 1, Name: "hung"}}}
		got := (&Manager{}).insist(t.Context(), list, func(context.Context, *record.Container) error {
			time.Sleep(10 * time.Second)
			return errs.New(errs.Unavailable, "no answer")
		})
		if took := time.Since(begin); got[0].Err == nil || took > insisting+20*time.Second {
			t.Errorf("%v after %v", got[0].Err, took)
		}
	})
}
