//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// A container that dies again and again is started as often as its policy says,
// whoever else is killed meanwhile: the command that started it, commands that
// look at it, containerd.
func TestFiftyRestarts(t *testing.T) {
	s := start(t)
	hasty := hastyPouchRun(t, s)
	run := s.Cmd(hasty, "--name", "fifty", "--restart", "on-failure:50", "--on-client-exit", "keep", "--log-driver", "json-file", s.Image,
		"sh", "-c", "ip addr show eth0 >/dev/null || exit 9; echo life; exit 7")
	must(t, run.Start())
	await(t, time.Minute, "it runs", func() bool {
		return s.Pouch("pouch-run", "exec", "fifty", "true").Code == 0 || restarts(t, s, "fifty") > 0
	})
	waiter := s.Cmd("pouch-run", "wait", "fifty")
	code := &strings.Builder{}
	waiter.Stdout = code
	must(t, waiter.Start())
	reached := func(n int) {
		t.Helper()
		await(t, 60*time.Second, fmt.Sprintf("restart %d", n), func() bool { return restarts(t, s, "fifty") >= n })
	}
	reached(5)
	must(t, run.Process.Kill()) // the command
	run.Wait()
	for n := 10; n <= 40; n += 10 {
		killLookers(t, s)
		for _, pid := range s.Engines() {
			kill(t, pid)
		}
		if n%20 == 0 {
			s.Must(t, "pouch-run", "--rm", "--network", "none", s.Image, "true") // starts containerd again
		}
		reached(n)
	}
	must(t, waiter.Wait())
	if got := code.String(); got != "7\n" {
		t.Errorf("wait: %q", got)
	}
	if got := s.Must(t, "pouch-run", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{.State.Error}}", "fifty"); got != "exited 7 50 " {
		t.Errorf("state: %s", got)
	}
	if n := strings.Count(s.Must(t, "pouch-run", "logs", "fifty")+"\n", "life\n"); n != 51 {
		t.Errorf("%d lives", n)
	}
	id := s.Must(t, "pouch-run", "inspect", "-f", "{{.Id}}", "fifty")
	for _, action := range []string{"start", "die"} {
		told := s.Must(t, "pouch-run", "events", "--until", "0s", "--filter", "container="+id, "--filter", "event="+action, "--format", "{{.Action}}")
		if n := strings.Count(told+"\n", action+"\n"); n != 51 {
			t.Errorf("%d events %s", n, action)
		}
	}
	if w := s.Must(t, "pouch-run", "why", "fifty"); !strings.Contains(w, "ended by itself with 7") || !strings.Contains(w, "on-failure:50 allows no further restart") {
		t.Errorf("why: %s", w)
	}
	s.Must(t, "pouch-run", "rm", "fifty")
}

// hastyPouchRun is a pouch-run whose supervisors make short pauses between lives:
// beside it lies a pouch-shim that adds the flag.
func hastyPouchRun(t *testing.T, s *harness.Suite) string {
	t.Helper()
	return pouchRunWith(t, s, fmt.Sprintf("exec %s \"$@\" --backoff 1ms,20ms", filepath.Join(s.Bin, "pouch-shim")))
}

// pouchRunWith is a pouch-run whose supervisors are started by a shell script.
func pouchRunWith(t *testing.T, s *harness.Suite, script string) string {
	t.Helper()
	dir := t.TempDir()
	programs, err := os.ReadDir(s.Bin)
	must(t, err)
	for _, p := range programs {
		must(t, os.Symlink(filepath.Join(s.Bin, p.Name()), filepath.Join(dir, p.Name())))
	}
	run, shim := filepath.Join(dir, "pouch-run"), filepath.Join(dir, "pouch-shim")
	must(t, os.Remove(run)) // a program looks beside itself, not beside a link
	must(t, exec.Command("cp", filepath.Join(s.Bin, "pouch-run"), run).Run())
	must(t, os.Remove(shim))
	must(t, os.WriteFile(shim, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	return run
}

// killLookers kills commands that look at the container, in the middle.
func killLookers(t *testing.T, s *harness.Suite) {
	t.Helper()
	for _, args := range [][]string{{"wait", "fifty"}, {"wait", "--condition", "next-exit", "fifty"}, {"logs", "-f", "fifty"}, {"events"}, {"ps", "-a"}} {
		c := s.Cmd("pouch-run", args...)
		must(t, c.Start())
		time.Sleep(2 * time.Millisecond) // somewhere in its work, not at a certain point
		c.Process.Kill()
		c.Wait()
	}
}

func restarts(t *testing.T, s *harness.Suite, name string) int {
	t.Helper()
	n, _ := strconv.Atoi(strings.TrimSpace(s.Pouch("pouch-run", "inspect", "-f", "{{.RestartCount}}", name).Stdout))
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
