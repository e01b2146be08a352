//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// moment is a point in a run's life that can be seen from outside.
type moment struct {
	name string
	is   func(s *harness.Suite, id string) bool
}

func moments() []moment {
	exists := func(parts func(s *harness.Suite, id string) string) func(*harness.Suite, string) bool {
		return func(s *harness.Suite, id string) bool {
			_, err := os.Lstat(parts(s, id))
			return err == nil
		}
	}
	return []moment{
		{"recorded", exists(func(s *harness.Suite, id string) string { return filepath.Join(s.Root, "containers", id) })},
		{"supervised", exists(func(s *harness.Suite, id string) string { return filepath.Join(s.RunRoot, "c", id, "ctl.sock") })},
		{"networked", exists(func(s *harness.Suite, id string) string { return filepath.Join(s.RunRoot, "netns", id) })},
		{"running", func(s *harness.Suite, id string) bool { return status(s, id) == "running" }},
		{"ending", func(s *harness.Suite, id string) bool { return pidGone(s, id) }},
	}
}

func readState(s *harness.Suite, id string) (st struct {
	Status string
	Init   struct{ Pid int }
}, err error,
) {
	b, err := os.ReadFile(filepath.Join(s.Root, "containers", id, "state.json"))
	if err == nil {
		err = json.Unmarshal(b, &st)
	}
	return st, err
}

func status(s *harness.Suite, id string) string {
	st, _ := readState(s, id)
	return st.Status
}

// pidGone reports whether the container's process ran and has ended.
func pidGone(s *harness.Suite, id string) bool {
	st, err := readState(s, id)
	if err != nil || st.Init.Pid == 0 {
		return false
	}
	return dead(st.Init.Pid)
}

// victims are whom kill -9 hits; each returns the pids to kill, none while the
// process is not there yet.
func victims() map[string]func(s *harness.Suite, c *exec.Cmd, id string) []int {
	return map[string]func(*harness.Suite, *exec.Cmd, string) []int{
		"pouch-run":  func(_ *harness.Suite, c *exec.Cmd, _ string) []int { return []int{c.Process.Pid} },
		"pouch-shim": func(s *harness.Suite, _ *exec.Cmd, id string) []int { return supervisorOf(s, id) },
		"containerd": func(s *harness.Suite, _ *exec.Cmd, _ string) []int { return s.Engines() },
	}
}

func supervisorOf(s *harness.Suite, id string) []int {
	var out []int
	for _, pid := range s.Processes("pouch-shim") {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && strings.Contains(string(line), id) {
			out = append(out, pid)
		}
	}
	return out
}

// Whoever is killed at whatever moment of a run: the run ends, the next command
// works, gc clears the rest, and name and address are free again.
func TestKillAtAnyMoment(t *testing.T) {
	for who, pids := range victims() {
		for _, m := range moments() {
			t.Run(who+"/"+m.name, func(t *testing.T) { killAt(t, who, pids, m) })
		}
	}
}

func killAt(t *testing.T, who string, pids func(*harness.Suite, *exec.Cmd, string) []int, m moment) {
	s := start(t)
	before := len(s.IDs())
	c := s.Cmd("pouch-run", "--rm", "--name", "victim", "-p", "127.0.0.1:18081:80", s.Image, "sh", "-c", "echo up; sleep 0.3")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	id, ok := "", false
	if await(t, time.Minute, "a new container", func() bool { ids := s.IDs(); ok = len(ids) > before; return ok }) {
		id = s.IDs()[before]
	}
	killed := ok && killWhen(t, s, c, id, pids, m)
	select {
	case err := <-ended:
		t.Logf("%s killed: %v; pouch-run ended: %v; its output: %s", who, killed, err, out.String())
	case <-time.After(harness.Patience(harness.CommandTimeout)):
		t.Errorf("pouch-run hangs after kill -9 of %s; its output: %s", who, out.String())
		c.Process.Kill()
	}
	afterwards(t, s)
}

// killWhen kills at the moment, or as soon after it as the victim is there; a
// run that is over before that is no failure.
func killWhen(t *testing.T, s *harness.Suite, c *exec.Cmd, id string, pids func(*harness.Suite, *exec.Cmd, string) []int, m moment) bool {
	t.Helper()
	for end := time.Now().Add(harness.Patience(time.Minute)); time.Now().Before(end); time.Sleep(200 * time.Microsecond) {
		if _, err := os.Lstat(filepath.Join(s.Root, "containers", id)); err != nil {
			return false
		}
		if !m.is(s, id) {
			continue
		}
		for _, pid := range pids(s, c, id) {
			return kill(t, pid)
		}
	}
	t.Errorf("the run never was %s", m.name)
	return false
}

// kill kills pid and waits until it is dead: the kernel closes its sockets on
// the way.
func kill(t *testing.T, pid int) bool {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return false
	}
	return await(t, time.Minute, "the victim's death", func() bool { return dead(pid) })
}

// dead reports whether pid is gone or a zombie.
func dead(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(b, []byte(") Z "))
}

func afterwards(t *testing.T, s *harness.Suite) {
	t.Helper()
	if r := s.Pouch("pouch-run", "--rm", s.Image, "true"); r.Code != 0 {
		t.Errorf("the next command: %v", r)
	}
	if r := s.Settle("pouch-run", "gc"); r.Code != 0 {
		t.Errorf("gc: %v", r)
	}
	if r := s.Settle("pouch-run", "--rm", "--name", "victim", "-p", "127.0.0.1:18081:80", s.Image, "true"); r.Code != 0 {
		t.Errorf("the name and the port again: %v", r)
	}
}

// Containers do not need the engine to go on, nor to be reached.
func TestContainersOutliveTheEngine(t *testing.T) {
	s := start(t)
	s.Must(t, "pouch-run", "-d", "--name", "survivor", s.Image, "sh", "-c", "echo first; sleep 1000")
	for _, pid := range s.Engines() {
		kill(t, pid)
	}
	if got := s.Must(t, "pouch-run", "exec", "survivor", "echo", "still here"); got != "still here" {
		t.Errorf("exec: %q", got)
	}
	await(t, 20*time.Second, "its first word in the log", func() bool { return s.Must(t, "pouch-run", "logs", "survivor") == "first" })
	s.Must(t, "pouch-run", "stop", "-t", "1", "survivor")
	s.Must(t, "pouch-run", "rm", "survivor")
}

// A supervisor that was killed leaves a container that is seen as ended.
func TestSupervisorDies(t *testing.T) {
	s := start(t)
	id := s.Must(t, "pouch-run", "-d", "--name", "orphan", s.Image, "sleep", "1000")
	for _, pid := range supervisorOf(s, id) {
		kill(t, pid)
	}
	await(t, time.Minute, "ps without the orphan", func() bool {
		return s.Must(t, "pouch-run", "ps", "-q", "--filter", "name=orphan") == ""
	})
	s.Must(t, "pouch-run", "rm", "-f", "orphan")
	s.Must(t, "pouch-run", "--rm", "--name", "orphan", s.Image, "true")
}
