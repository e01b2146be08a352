//go:build integration

package integration

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/harness"
)

// trial begins an upgrade of a container with a volume and a published port, and
// returns when the new container runs and has to prove itself: it will not before
// the volume has a file "well".
func trial(t *testing.T, s *harness.Suite) (c *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	s.Must(t, "pouch-run", "run", "-d", "--name", "app", "-p", "127.0.0.1:18083:80", "-v", "kv:/data", "--stop-signal", "KILL",
		"--health-cmd", "test -e /data/well", "--health-interval", "100ms", "--health-retries", "1000000", s.Image, "sleep", "1000")
	s.Must(t, "pouch-run", "exec", "app", "sh", "-c", "echo old >/root/mark; echo kept >/data/kept")
	c, stderr = s.Cmd("pouch-run", "upgrade", "--timeout", "600s", "--image", s.Image, "app"), &bytes.Buffer{}
	c.Stderr = stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if !await(t, harness.CommandTimeout, "the trial", func() bool {
		return s.Pouch("pouch-run", "exec", "app", "sh", "-c", "! test -e /root/mark").Code == 0
	}) {
		c.Process.Kill()
		c.Wait()
		t.FailNow()
	}
	return c, stderr
}

// What happens to a container while its upgrade is tried: the old one is back
// after it, running unless somebody wanted that it does not.
func TestUpgradeDisturbed(t *testing.T) {
	s := start(t)
	for name, d := range map[string]struct {
		do    func(t *testing.T, c *exec.Cmd)
		code  int
		words string
		state string // of the container afterwards, "" when it is gone
	}{
		"stopped":         {func(t *testing.T, _ *exec.Cmd) { s.Must(t, "pouch-run", "stop", "app") }, 1, "rolled back: the new container was stopped", "exited"},
		"removed":         {func(t *testing.T, _ *exec.Cmd) { s.Must(t, "pouch-run", "rm", "-f", "app") }, 1, "", ""},
		"killed":          {func(t *testing.T, _ *exec.Cmd) { killInit(t, s, "app") }, 1, "ended with exit code 137", "running"},
		"interrupted":     {func(_ *testing.T, c *exec.Cmd) { c.Process.Signal(unix.SIGINT) }, 130, "", "running"},
		"terminated":      {func(_ *testing.T, c *exec.Cmd) { c.Process.Signal(unix.SIGTERM) }, 143, "", "running"},
		"supervisor lost": {func(t *testing.T, _ *exec.Cmd) { loseSupervisors(t, s) }, 1, "rolled back: the new container ended", "running"},
	} {
		t.Run(name, func(t *testing.T) {
			defer s.Clean(t)
			c, stderr := trial(t, s)
			d.do(t, c)
			c.Wait()
			if code := c.ProcessState.ExitCode(); code != d.code || !strings.Contains(stderr.String(), d.words) {
				t.Errorf("exit %d, want %d with %q: %s", code, d.code, d.words, stderr)
			}
			if got := s.Must(t, "pouch-run", "ps", "-a", "--format", "{{.State}}"); got != d.state {
				t.Errorf("the container is %q, not %q", got, d.state)
			}
			if d.state == "" {
				return
			}
			if d.state == "exited" {
				s.Must(t, "pouch-run", "start", "app")
			}
			if got := s.Must(t, "pouch-run", "exec", "app", "cat", "/root/mark", "/data/kept"); got != "old\nkept" {
				t.Errorf("its files: %q", got)
			}
			if got := s.Must(t, "pouch-run", "port", "app"); got != "80/tcp -> 127.0.0.1:18083" {
				t.Errorf("its port: %q", got)
			}
		})
	}
}

// While one upgrade is under way others are refused; a new name stays though it
// is taken back; a command that was killed is made good by the next.
func TestUpgradeAlone(t *testing.T) {
	s := start(t)
	c, _ := trial(t, s)
	for _, args := range [][]string{{"upgrade", "--image", s.Image, "app"}, {"start", "app"}} {
		s.Pouch("pouch-run", args...).OneLine(t, 1, "is being upgraded by another command")
	}
	s.Must(t, "pouch-run", "rename", "app", "other")
	s.Must(t, "pouch-run", "logs", "other")
	c.Process.Kill()
	c.Wait()
	if r := s.Pouch("pouch-run", "gc", "--check"); r.Code != 1 || !strings.Contains(r.Stdout+r.Stderr, "its upgrade was cut short") {
		t.Errorf("gc --check does not tell: %v", r)
	}
	s.Must(t, "pouch-run", "start", "other")
	if got := s.Must(t, "pouch-run", "exec", "other", "cat", "/root/mark"); got != "old" {
		t.Errorf("its files: %q", got)
	}
	if r := s.Pouch("pouch-run", "inspect", "app"); r.Code == 0 {
		t.Error("it has its former name again")
	}
	s.Must(t, "pouch-run", "exec", "other", "touch", "/data/well")
	s.Must(t, "pouch-run", "upgrade", "--timeout", "600s", "--image", s.Image, "other")
	if r := s.Pouch("pouch-run", "exec", "other", "cat", "/root/mark"); r.Code == 0 {
		t.Error("it was not upgraded")
	}
}

// killInit kills a container's process 1, as the kernel would for its memory.
func killInit(t *testing.T, s *harness.Suite, name string) {
	t.Helper()
	pid, err := strconv.Atoi(s.Must(t, "pouch-run", "inspect", "-f", "{{.State.Pid}}", name))
	if err != nil || pid < 2 {
		t.Fatal(pid, err)
	}
	kill(t, pid)
}
