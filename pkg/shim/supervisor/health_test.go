package supervisor

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Docker's rules of what a result means.
func TestResultsAreJudged(t *testing.T) {
	check := &record.Health{Retries: 2, StartPeriod: time.Minute}
	begun := time.Now()
	early, late := begun.Add(time.Second), begun.Add(2*time.Minute)
	for name, tc := range map[string]struct {
		codes  []int
		at     time.Time
		want   string
		streak int
	}{
		"nothing yet":                        {nil, early, healthStarting, 0},
		"a failure in the start period":      {[]int{1, 1, 1}, early, healthStarting, 0},
		"well in the start period":           {[]int{1, 0}, early, healthHealthy, 0},
		"failures once it was well":          {[]int{0, 1, 1}, early, healthUnwell, 2},
		"one failure after the period":       {[]int{1}, late, healthStarting, 1},
		"as many as retries":                 {[]int{1, -1}, late, healthUnwell, 2},
		"a failure between":                  {[]int{1, 0, 1}, late, healthHealthy, 1},
		"well again":                         {[]int{1, 1, 1, 0}, late, healthHealthy, 0},
		"codes above 1 are failures as well": {[]int{3, 127}, late, healthUnwell, 2},
	} {
		h := &health{}
		h.begin()
		for _, code := range tc.codes {
			h.take(check, begun, record.HealthProbe{Start: tc.at, ExitCode: code})
		}
		if st := h.snapshot(); st.Status != tc.want || st.Streak != tc.streak || len(st.Log) != len(tc.codes) {
			t.Errorf("%s: %+v", name, st)
		}
	}
}

func TestFiveResultsAreKept(t *testing.T) {
	h := &health{}
	h.begin()
	for i := range 8 {
		h.take(&record.Health{}, time.Now(), record.HealthProbe{ExitCode: i})
	}
	st := h.snapshot()
	if len(st.Log) != 5 || st.Log[0].ExitCode != 3 || st.Log[4].ExitCode != 7 {
		t.Errorf("%+v", st.Log)
	}
	h.end()
	if changed := h.take(&record.Health{}, time.Now(), record.HealthProbe{}); changed != "" || h.snapshot().Status != healthUnwell {
		t.Error("a result that comes after the end counts")
	}
}

func TestProbesComeOftenerInTheStartPeriod(t *testing.T) {
	h := &health{}
	h.begin()
	check := &record.Health{StartPeriod: time.Hour, StartInterval: 7 * time.Second, Interval: time.Minute}
	if got := h.interval(check, time.Now()); got != 7*time.Second {
		t.Errorf("%v", got)
	}
	if got := h.interval(check, time.Now().Add(-2*time.Hour)); got != time.Minute {
		t.Errorf("after the period: %v", got)
	}
	h.take(check, time.Now(), record.HealthProbe{})
	if got := h.interval(check, time.Now()); got != time.Minute {
		t.Errorf("once healthy: %v", got)
	}
	if got := h.interval(&record.Health{}, time.Now()); got != 30*time.Second {
		t.Errorf("not said: %v", got)
	}
}

// withHealth is a container whose check runs every 20 milliseconds.
func withHealth(test string, more func(*record.Health)) func(*record.Container) {
	return func(c *record.Container) {
		c.Health = &record.Health{Test: []string{test}, Shell: true, Interval: 20 * time.Millisecond, Timeout: time.Minute, Retries: 2}
		if more != nil {
			more(c.Health)
		}
	}
}

// inRoot is where a file that the container wrote into its root lies.
func (p *pouch) inRoot(name string) string { return filepath.Join(p.dir, "up", name) }

func (p *pouch) healthBecomes(want string) {
	p.t.Helper()
	eventually(p.t, "it is "+want, func() bool { h := p.state().Health; return h != nil && h.Status == want })
}

func TestHealthIsWatched(t *testing.T) {
	p := newPouch(t, withHealth("echo said; test -e /well", nil), "sleep", "100")
	p.runDetached()
	p.healthBecomes("unhealthy")
	if h := p.state().Health; h.Streak < 2 || h.Log[0].ExitCode != 1 || h.Log[0].Output != "said\n" || h.Log[0].End.Before(h.Log[0].Start) {
		t.Errorf("%+v", h)
	}
	w := p.dial()
	must(t, w.Send(&ctl.Message{Op: ctl.Watch}))
	if m, _ := p.recv(w, ctl.Health); m.Message != "unhealthy" {
		t.Errorf("the present one: %q", m.Message)
	}
	if code := p.execCode("sh", "-c", ">/well"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if m, _ := p.recv(w, ctl.Health); m.Message != "healthy" {
		t.Errorf("the next one: %q", m.Message)
	}
	p.healthBecomes("healthy")
	stop := p.dial()
	must(t, stop.Send(&ctl.Message{Op: ctl.Stop, Signal: int(unix.SIGKILL), Timeout: 1}))
	p.recv(w, ctl.Exited)
	p.ended()
	if st := p.state(); st.Health.Status != "unhealthy" || st.EndedBy != record.ByStop || st.EndSignal != int(unix.SIGKILL) {
		t.Errorf("after the end: %+v %+v", st, st.Health)
	}
	for _, want := range []string{`"health_status: unhealthy"`, `"health_status: healthy"`, `"start"`, `"kill"`, `"die"`, `"stop"`} {
		if log := readFile(t, p.store.EventsPath()); !strings.Contains(log, want) {
			t.Errorf("no event %s in %s", want, log)
		}
	}
}

func TestProbeThatHangsIsKilledWithItsSession(t *testing.T) {
	long := strconv.Itoa(1_000_000 + os.Getpid()) // seconds that nobody else sleeps
	p := newPouch(t, withHealth("echo before; sleep "+long+" & sleep "+long, func(h *record.Health) { h.Timeout = 2 * time.Second; h.Retries = 1 }), "sleep", "100000")
	p.runDetached()
	p.healthBecomes("unhealthy")
	eventually(t, "what it said in time is kept", func() bool { // a busy machine may leave one no time to say it
		return slices.ContainsFunc(p.state().Health.Log, func(l record.HealthProbe) bool {
			if l.ExitCode != -1 || !strings.HasPrefix(l.Output, "Health check exceeded timeout (2s)") {
				t.Errorf("%+v", l)
			}
			return strings.HasPrefix(l.Output, "Health check exceeded timeout (2s): before")
		})
	})
	must(t, p.dial().Send(&ctl.Message{Op: ctl.Pause})) // no further one is under way
	eventually(t, "no process of a probe is left", func() bool {
		return p.state().Status == record.Paused && len(sleepers(long)) == 0
	})
	must(t, p.dial().Send(&ctl.Message{Op: ctl.Stop, Signal: int(unix.SIGKILL), Timeout: 1}))
	p.ended()
}

// sleepers are the processes `sleep seconds`.
func sleepers(seconds string) (out []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range all {
		if b, _ := os.ReadFile(f); string(b) == "sleep\x00"+seconds+"\x00" {
			out = append(out, f)
		}
	}
	return out
}

func TestOutputOfAProbeIsCut(t *testing.T) {
	p := newPouch(t, withHealth("yes", func(h *record.Health) { h.Test = []string{"seq", "1", "100000"}; h.Shell = false }), "sleep", "100")
	p.runDetached()
	p.healthBecomes("healthy")
	if o := p.state().Health.Log[0].Output; len(o) != maxProbeOutput || !strings.HasPrefix(o, "1\n2\n") || !strings.HasSuffix(o, "...") {
		t.Errorf("%d bytes: %.10q", len(o), o)
	}
}

func TestProbeOnDemand(t *testing.T) {
	p := newPouch(t, withHealth("echo word; exit 3", func(h *record.Health) { h.Interval = time.Hour }), "sleep", "100")
	p.runDetached()
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Probe}))
	if m, _ := p.recv(c, ctl.Exited); m.ExitCode != 3 || m.Message != "word\n" {
		t.Errorf("%+v", m)
	}
	if h := p.state().Health; h.Streak != 1 || len(h.Log) != 1 || h.Status != "starting" {
		t.Errorf("%+v", h)
	}
}

func TestNoCheckNoWatch(t *testing.T) {
	p := newPouch(t, nil, "sleep", "100")
	p.runDetached()
	for _, op := range []ctl.Op{ctl.Watch, ctl.Probe} {
		c := p.dial()
		must(t, c.Send(&ctl.Message{Op: op}))
		c.SetDeadline(time.Now().Add(time.Minute))
		if m, _, err := c.Recv(); err != nil || m.Op != ctl.Error || !strings.Contains(m.Message, "has no health check") {
			t.Errorf("%s: %+v, %v", op, m, err)
		}
	}
}

func TestUnhealthyContainerIs(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		p := newPouch(t, withHealth("false", func(h *record.Health) { h.OnFailure = "kill" }), "sleep", "100")
		p.runDetached()
		p.ended()
		if st := p.state(); st.ExitCode != 137 || st.EndedBy != record.ByHealth || st.StoppedByUser {
			t.Errorf("%+v", st)
		}
	})
	t.Run("stopped", func(t *testing.T) {
		check := withHealth("test ! -e /ready", func(h *record.Health) { h.OnFailure = "stop" })
		p := newPouch(t, func(c *record.Container) { check(c); c.Process.StopTimeout = new(600) },
			"sh", "-c", "trap 'exit 5' TERM; >/ready; while :; do sleep 0.05; done")
		p.runDetached()
		p.ended()
		if st := p.state(); st.ExitCode != 5 || st.EndedBy != record.ByHealth || st.EndSignal != int(unix.SIGTERM) {
			t.Errorf("%+v", st)
		}
	})
	t.Run("restarted", func(t *testing.T) {
		p := newPouch(t, withHealth("test -e /well", func(h *record.Health) { h.OnFailure = "restart" }), "sh", "-c", "echo x >>/lives; test $(wc -l </lives) -lt 3 || >/well; trap exit TERM; while :; do sleep 0.05; done")
		p.runDetached()
		p.healthBecomes("healthy")
		// A third life that is slow to make itself well is not the last one.
		if lives := readFile(t, p.inRoot("lives")); !strings.HasPrefix(lives, "x\nx\nx\n") {
			t.Errorf("lives: %q", lives)
		}
	})
}

func TestRestartByHandBeginsTheCountAnew(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Restart.Name = "on-failure" },
		"sh", "-c", "echo x >>/lives; test $(wc -l </lives) -ge 3 || exit 1; trap exit TERM; while :; do sleep 0.05; done")
	p.runDetached()
	eventually(t, "it lives", func() bool { st := p.state(); return st.Status == record.Running && st.Restarts == 2 })
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Restart, Timeout: 5}))
	p.recv(c, ctl.OK)
	if st := p.state(); st.Status != record.Running || st.Restarts != 0 {
		t.Errorf("%+v", st)
	}
}

func TestPolicyThatChangesEndsThePause(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Restart.Name = "always" }, "sh", "-c", "exit 1")
	p.runDetached()
	eventually(t, "the pauses are long", func() bool { st := p.state(); return st.Status == record.Restarting && st.Restarts > 3 })
	rec, err := p.store.Container(p.id)
	must(t, err)
	rec.Policy.Restart.Name = "no"
	must(t, p.store.SetContainer(rec))
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Reread}))
	p.recv(c, ctl.OK)
	p.ended()
	if st := p.state(); st.Status != record.Exited || st.ExitCode != 1 || st.StoppedByUser {
		t.Errorf("%+v", st)
	}
}

// A containerd that starts between two lives asks for the processes, and removes
// the bundle of a task that has none.
func TestTaskBetweenTwoLivesHasAProcess(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Restart.Name = "always" }, "sh", "-c", "exit 1")
	p.runDetached()
	eventually(t, "the pauses are long", func() bool { st := p.state(); return st.Status == record.Restarting && st.Restarts > 3 })
	eventually(t, "a pause lasts for a question", func() bool {
		before := p.state()
		r, err := p.task.Pids(bg, &taskapi.PidsRequest{ID: p.id})
		must(t, err)
		if after := p.state(); before.Status != record.Restarting || after.Status != record.Restarting || after.Restarts != before.Restarts {
			return false
		}
		if len(r.Processes) != 1 || int(r.Processes[0].Pid) != p.proc.Pid {
			t.Errorf("%+v", r.Processes)
		}
		return true
	})
}

func TestPolicyAllows(t *testing.T) {
	for _, tc := range []struct {
		p       record.Restart
		code, n int
		want    bool
	}{
		{record.Restart{}, 1, 1, false},
		{record.Restart{Name: "no"}, 1, 1, false},
		{record.Restart{Name: "always"}, 0, 99, true},
		{record.Restart{Name: "unless-stopped"}, 0, 99, true},
		{record.Restart{Name: "on-failure"}, 0, 1, false},
		{record.Restart{Name: "on-failure"}, 1, 99, true},
		{record.Restart{Name: "on-failure", Max: 2}, 1, 2, true},
		{record.Restart{Name: "on-failure", Max: 2}, 1, 3, false},
	} {
		if got := allows(tc.p, tc.code, tc.n); got != tc.want {
			t.Errorf("%+v, code %d, restart %d: %v", tc.p, tc.code, tc.n, got)
		}
	}
}

func TestBackoffIsReadFromTheCommandLine(t *testing.T) {
	var b Backoff
	must(t, b.Set("5ms,2s"))
	if b != (Backoff{5 * time.Millisecond, 2 * time.Second}) || b.String() != "5ms,2s" {
		t.Errorf("%v", b)
	}
	bad := slices.DeleteFunc([]string{"", "1s", "x,1s", "2s,1s", "0s,1s"}, func(s string) bool { return b.Set(s) != nil })
	if len(bad) > 0 {
		t.Errorf("accepted: %q", bad)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}
