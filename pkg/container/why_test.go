package container

import (
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestWhy(t *testing.T) {
	ended := func(code int, by string, sig int) record.State {
		return record.State{Status: record.Exited, ExitCode: code, EndedBy: by, EndSignal: sig, Finished: time.Now()}
	}
	oom := ended(137, "", 0)
	oom.OOMKilled = true
	part := ended(1, "", 0)
	part.OOMKilled = true
	sick := ended(137, record.ByHealth, 9)
	sick.Health = &record.HealthState{Status: "unhealthy", Streak: 3, Log: []record.HealthProbe{{Output: "no\n answer\n"}}}
	failing := func(cause, text string) record.State {
		return record.State{Status: record.Created, ExitCode: 127, Error: text, Cause: cause}
	}
	for name, tc := range map[string]struct {
		st   record.State
		code string
		text string // of reason and remedy
	}{
		"well":           {ended(0, "", 0), "finished", "with 0"},
		"failed":         {ended(3, "", 0), "failed", "pouch-run logs"},
		"a shell's 127":  {ended(127, "", 0), "failed", "was not found"},
		"oom":            {oom, "oom", "at its limit of 64MiB"},
		"oom of a part":  {part, "oom", "process 1 then ended with 1"},
		"stopped":        {ended(143, record.ByStop, 15), "stopped", "SIGTERM and ended with 143"},
		"stopped, 0":     {ended(0, record.ByStop, 15), "stopped", "ended with 0"},
		"deaf":           {ended(137, record.ByStop, 15), "stop-killed", "--stop-timeout"},
		"stopped, KILL":  {ended(137, record.ByStop, 9), "stopped", "SIGKILL and ended with 137"},
		"killed":         {ended(137, record.ByKill, 9), "killed", "SIGKILL"},
		"a HUP before":   {ended(2, record.ByKill, 1), "failed", "with 2"},
		"client":         {ended(137, record.ByClient, 9), "client-gone", "--on-client-exit keep"},
		"passed on":      {ended(130, record.ByClient, 2), "signal", "SIGINT and passed it on"},
		"timeout":        {ended(143, record.ByTimeout, 15), "timeout", "(7 s)"},
		"unhealthy":      {sick, "unhealthy", "failed 3 times in a row, at last with: no answer (--health-on-failure kill)"},
		"shutdown":       {ended(143, record.ByShutdown, 15), "shutdown", "the host went down"},
		"seccomp":        {ended(159, "", 0), "seccomp", "SIGSYS"},
		"crash":          {ended(139, "", 0), "signal", "SIGSEGV: the program crashed"},
		"KILL by nobody": {ended(137, "", 0), "signal", "not by Pouch"},
		"no signal":      {ended(255, "", 0), "failed", "255"},
		"no loader":      {failing("no-loader", "exec /x: text"), "no-loader", "exec /x: text"},
		"another error":  {failing("", "disk full"), "not-started", "disk full"},
		"not started":    {record.State{Status: record.Created}, "never-started", "pouch-run start c"},
		"restarting":     {record.State{Status: record.Restarting, ExitCode: 4, Restarts: 6}, "restarting", "ended by itself with 4), and restart 6 follows by its policy on-failure:9"},
		"lost":           {record.State{Status: record.Exited, ExitCode: 137, Error: "its supervisor was lost", Cause: "supervisor-lost"}, "supervisor-lost", "pouch-shim"},
	} {
		c := &record.Container{Name: "c", Health: &record.Health{OnFailure: "kill"}}
		c.Host.Resources.Memory, c.Policy.Timeout = 64<<20, 7
		c.Policy.Restart = record.Restart{Name: "on-failure", Max: 9}
		e := &end{name: "c", c: c, st: tc.st}
		if w := e.explain(); w.Code != tc.code || !strings.Contains(w.Reason+"; "+w.Remedy, tc.text) {
			t.Errorf("%s: %+v", name, w)
		}
		e.c = nil // what only events tell
		if w := e.explain(); tc.st.Status == record.Exited && w.Code != tc.code {
			t.Errorf("%s, removed: %+v", name, w)
		}
	}
}

func TestWhyNoFurtherRestart(t *testing.T) {
	c := &record.Container{Name: "c"}
	c.Policy.Restart = record.Restart{Name: "on-failure", Max: 3}
	e := &end{name: "c", c: c, st: record.State{Status: record.Exited, ExitCode: 1, Restarts: 3}}
	if w := e.explain(); !strings.Contains(w.Reason, "on-failure:3 allows no further restart") {
		t.Errorf("%+v", w)
	}
	e.st.StoppedByUser = true
	if w := e.explain(); strings.Contains(w.Reason, "restart") {
		t.Errorf("stopped: %+v", w)
	}
}

// A container that is removed is known by its events: by name the last one, by
// id each.
func TestWhyOfRemovedContainers(t *testing.T) {
	w := newWorld(t)
	first := &record.Container{ID: strings.Repeat("a", 64), Name: "gone"}
	second := &record.Container{ID: strings.Repeat("b", 64), Name: "gone"}
	for _, e := range []record.Event{
		events.OfContainer(first, "create", nil),
		events.OfContainer(first, "die", record.Labels{"exitCode": "137", "endedBy": "kill", "endSignal": "9"}),
		events.OfContainer(first, "destroy", nil),
		events.OfContainer(second, "die", record.Labels{"exitCode": "125", "error": "publish: taken", "cause": "port-in-use"}),
		events.OfContainer(&record.Container{ID: strings.Repeat("c", 64), Name: "alive"}, "start", nil),
	} {
		events.Emit(w.Store, e)
	}
	got, err := w.Why(t.Context(), "gone")
	if err != nil || got.Code != "port-in-use" || got.ID != second.ID || got.Status != "removed" || got.ExitCode != 125 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = w.Why(t.Context(), "aaaaaaaa"); err != nil || got.Code != "killed" || got.Name != "gone" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, target := range []string{"nosuch", "alive", "", "b"} {
		if _, err := w.Why(t.Context(), target); !errs.Is(err, errs.NotFound) {
			t.Errorf("%q: %v", target, err)
		}
	}
}
