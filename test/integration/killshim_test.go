//go:build integration && amd64

package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/killpoint"
)

// The supervisor is killed before every n-th of its system calls that change the
// world: the command that waits for it ends, one gc clears what is left, and name,
// port and address are free again.
func TestSupervisorKillPoints(t *testing.T) {
	s := start(t)
	step := 3 * every() // it makes some hundreds in a life
	own := pouchRunWith(t, s, fmt.Sprintf("kill -STOP $$\nexec %s \"$@\"", filepath.Join(s.Bin, "pouch-shim")))
	for i, args := range [][]string{
		{"--rm", "--name", victim, "--network", "none", s.Image, "true"},
		{"--rm", "--name", victim, "-p", "127.0.0.1:18082:80", "-v", "/etc", s.Image, "true"},
		{"--name", victim, "--restart", "on-failure:1", "-v", "kv:/etc", "--log-driver", "json-file", s.Image, "false"},
		{"-d", "--init", "--rm", "--name", victim, "--health-cmd", "true", "--health-interval", "1ms", s.Image, "sleep", "0.2"},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			kills, bad := 0, 0
			for at := 1 + 7*i; ; at += step {
				var r killpoint.Result
				if !t.Run(strconv.Itoa(at), func(t *testing.T) { r = supervisorAt(t, s, own, args, at) }) {
					t.Errorf("killed at point %d: %s", at, r.Call)
					bad++
				}
				if !r.Killed || bad > 5 {
					break
				}
				kills++
			}
			t.Logf("%d kills", kills)
		})
	}
}

func supervisorAt(t *testing.T, s *harness.Suite, run string, args []string, at int) killpoint.Result {
	defer s.Clean(t)
	c := s.Cmd(run, args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	c.WaitDelay = 5 * time.Second
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // whose child it is: the tracer waits for those of its own thread
		started <- c.Start()
		ended <- c.Wait()
	}()
	must(t, <-started)
	pid := 0
	if !await(t, time.Minute, "the supervisor", func() bool { pid = stoppedIn(filepath.Dir(run)); return pid != 0 }) {
		c.Process.Kill()
		return killpoint.Result{}
	}
	r, err := killpoint.Attach(pid, at)
	must(t, err)
	select {
	case err := <-ended:
		t.Logf("point %d, %s: %v; its output: %s", at, r.Call, err, out.String())
	case <-time.After(harness.Patience(harness.CommandTimeout)):
		t.Errorf("pouch-run hangs; its output: %s", out.String())
		c.Process.Kill()
		<-ended
	}
	if r := s.Pouch("pouch-run", "gc"); r.Code != 0 {
		t.Errorf("gc: %v", r)
	}
	if r := s.Pouch("pouch-run", "gc", "--check"); r.Code != 0 {
		t.Errorf("after one gc: %v", r)
	}
	truthful(t, s)
	if r := s.Pouch("pouch-run", "rm", "-f", victim); r.Code != 0 {
		t.Errorf("rm -f: %v", r)
	}
	if r := s.Pouch("pouch-run", "--rm", "--name", victim, "-p", "127.0.0.1:18082:80", s.Image, "true"); r.Code != 0 {
		t.Errorf("name and port again: %v", r)
	}
	return r
}

// stoppedIn is the process of a script in dir that has stopped itself; 0: none.
func stoppedIn(dir string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range all {
		line, err := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if err != nil || !bytes.Contains(line, []byte(dir+"/pouch-shim")) {
			continue
		}
		if text, _ := os.ReadFile(stat); bytes.Contains(text, []byte(") T ")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
			return pid
		}
	}
	return 0
}
