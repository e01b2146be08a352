package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// CommandTimeout bounds a command of a test; one that takes longer hangs.
const CommandTimeout = 90 * time.Second

// settleTimeout is how long after a command its traces may still be on their
// way out: a container's supervisor cleans up after the command has its answer.
const settleTimeout = 45 * time.Second

// Result is how a command ended.
type Result struct {
	Args   []string
	Code   int // -1: did not start, was killed by a signal, or hung
	Stdout string
	Stderr string
	Err    error // nil for an ordinary exit
}

func (r Result) String() string {
	return fmt.Sprintf("%s: exit %d (%v)\nstdout: %s\nstderr: %s", strings.Join(r.Args, " "), r.Code, r.Err, r.Stdout, r.Stderr)
}

// Cmd is a command with the suite's programs in PATH and its state folders in
// the environment.
func (s *Suite) Cmd(name string, args ...string) *exec.Cmd {
	path := name
	if p := filepath.Join(s.Bin, name); isFile(p) {
		path = p
	}
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), s.Env()...)
	return c
}

// Env is what the suite adds to a command's environment.
func (s *Suite) Env() []string {
	return []string{
		"PATH=" + s.Bin + ":" + os.Getenv("PATH"),
		"POUCH_ROOT=" + s.Root,
		"POUCH_RUN_ROOT=" + s.RunRoot,
		"POUCH_ADDRESS=",
		"NETCONFPATH=" + filepath.Join(s.dir, "no-cni"), // not the machine's networks
		"IMG=" + s.Image,
		"ARCHIVE=" + s.Archive,
	}
}

// Pouch runs one of Pouch's programs.
func (s *Suite) Pouch(name string, args ...string) Result { return Do(s.Cmd(name, args...)) }

// Sh runs a shell script with Pouch's programs in PATH.
func (s *Suite) Sh(script string) Result { return Do(s.Cmd("sh", "-c", script)) }

// Must is Pouch, and ends the test unless the exit code is 0. It returns stdout
// without its last newline.
func (s *Suite) Must(t testing.TB, name string, args ...string) string {
	t.Helper()
	r := s.Pouch(name, args...)
	if r.Code != 0 {
		t.Fatal(r)
	}
	return strings.TrimSuffix(r.Stdout, "\n")
}

// Settle repeats a command until it exits with 0, at most settleTimeout.
func (s *Suite) Settle(name string, args ...string) Result {
	return s.until(Patience(settleTimeout), name, args...)
}

func (s *Suite) until(limit time.Duration, name string, args ...string) Result {
	for end := time.Now().Add(limit); ; {
		r := s.Pouch(name, args...)
		if r.Code == 0 || time.Now().After(end) {
			return r
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Do runs c to its end, at most CommandTimeout.
func Do(c *exec.Cmd) Result {
	var stdout, stderr bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &stdout
	}
	if c.Stderr == nil {
		c.Stderr = &stderr
	}
	// A descriptor that a detached process inherited must not hold us for ever.
	c.WaitDelay = Patience(10 * time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), Patience(CommandTimeout))
	defer cancel()
	r := Result{Args: append([]string{filepath.Base(c.Path)}, c.Args[1:]...), Code: -1}
	if r.Err = c.Start(); r.Err != nil {
		return r
	}
	stop := context.AfterFunc(ctx, func() { c.Process.Kill() })
	r.Err = c.Wait()
	stop()
	r.Stdout, r.Stderr = stdout.String(), stderr.String()
	return r.ended(c, ctx.Err())
}

func (r Result) ended(c *exec.Cmd, hung error) Result {
	if hung != nil {
		r.Err = fmt.Errorf("hung for %v", Patience(CommandTimeout))
		return r
	}
	_, exited := errors.AsType[*exec.ExitError](r.Err)
	if r.Err == nil || exited {
		r.Code = c.ProcessState.ExitCode()
		if r.Code >= 0 {
			r.Err = nil
		}
	}
	return r
}

// OneLine fails t unless r is a clean failure: the code, and on stderr one line
// that names the program and holds every word.
func (r Result) OneLine(t testing.TB, code int, words ...string) {
	t.Helper()
	if r.Code != code {
		t.Errorf("exit code %d expected: %v", code, r)
	}
	line, rest, _ := strings.Cut(r.Stderr, "\n")
	if line == "" || rest != "" || !strings.HasPrefix(line, "pouch-") {
		t.Errorf("one line on stderr that begins with the program's name expected: %v", r)
	}
	for _, w := range words {
		if !strings.Contains(line, w) {
			t.Errorf("%q expected on stderr: %v", w, r)
		}
	}
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
