//go:build integration

package integration

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// A containerd that stands still gives every command that needs it one line;
// containers are reached without it, and all is well when it goes on.
func TestEngineStandsStill(t *testing.T) {
	s := start(t)
	s.Must(t, "pouch-run", "-d", "--name", "runs", s.Image, "sleep", "1000")
	s.Must(t, "pouch-run", "create", "--name", "made", s.Image, "sleep", "1000")
	s.Must(t, "pouch-run", "create", "--name", "other", s.Image, "sleep", "1000")
	pids := s.Engines()
	signal := func(sig syscall.Signal) {
		for _, pid := range pids {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Error(err)
			}
		}
	}
	signal(syscall.SIGSTOP)
	for _, args := range [][]string{{"exec", "runs", "true"}, {"logs", "runs"}, {"ps", "-a"}} {
		r := s.Pouch("pouch-run", append([]string{"--debug"}, args...)...)
		if r.Code != 0 || strings.Contains(r.Stderr, "containerd call=") {
			t.Errorf("what needs no engine: %v", r)
		}
	}
	for _, r := range together(t, s, "pouch-run --rm "+s.Image+" true", "pouch-run start made", "pouch-run rm other", "pouch-run gc --check") {
		if r.Code == 0 || !strings.Contains(r.Stderr, "does not answer") || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%v", r)
		}
	}
	signal(syscall.SIGCONT)
	s.Must(t, "pouch-run", "--rm", s.Image, "true")
	s.Must(t, "pouch-run", "rm", "-f", "runs")
	if r := s.Settle("pouch-run", "gc"); r.Code != 0 {
		t.Errorf("%v", r)
	}
}

// Restart policies, with network and port, need neither the command that
// started the container nor the engine.
func TestRestartsOutliveTheEngine(t *testing.T) {
	s := start(t)
	s.Must(t, "pouch-run", "-d", "--name", "web", "--restart", "always", "-p", "127.0.0.1:18084:80", s.Image,
		"sh", "-c", "mkdir -p /w; echo life >/w/index.html; httpd -f -h /w -p 80 & until rm /next 2>/dev/null; do sleep 0.02; done; exit 3")
	s.Must(t, "pouch-run", "-d", "--name", "thrice", "--restart", "on-failure:2", s.Image, "sh", "-c", "ip addr show eth0 >/dev/null && exit 4")
	for _, pid := range s.Engines() {
		kill(t, pid)
	}
	for n := 1; n <= 2; n++ {
		if r := s.Settle("pouch-run", "exec", "web", "touch", "/next"); r.Code != 0 {
			t.Fatal(r)
		}
		await(t, time.Minute, "the next life", func() bool { return restarts(t, s, "web") >= n })
	}
	await(t, time.Minute, "an answer from a later life", func() bool { return get("http://127.0.0.1:18084/") == "life\n" })
	await(t, time.Minute, "the last life of thrice", func() bool {
		return s.Must(t, "pouch-run", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", "thrice") == "exited 4 2"
	})
	s.Must(t, "pouch-run", "stop", "-t", "0", "web")
	s.Must(t, "pouch-run", "rm", "web", "thrice")
}
