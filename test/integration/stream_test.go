//go:build integration

package integration

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// What goes into a container comes out of it, each time.
func TestBytesAreExact(t *testing.T) {
	s := start(t)
	in, err := exec.Command("seq", "1", "100000").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(in)
	for i := range 100 {
		c := s.Cmd("pouch-run", "--rm", "-i", "--network", "none", s.Image, "cat")
		c.Stdin = bytes.NewReader(in)
		r := harness.Do(c)
		if r.Code != 0 || sha256.Sum256([]byte(r.Stdout)) != want {
			t.Fatalf("run %d: exit %d, %d bytes of %d, stderr %s", i, r.Code, len(r.Stdout), len(in), r.Stderr)
		}
	}
}

// A reader that goes away ends the container like any filter.
func TestReaderGoesAway(t *testing.T) {
	s := start(t)
	r := s.Sh(`pouch-run --rm --network none $IMG yes | head -1`)
	if r.Code != 0 || r.Stdout != "y\n" {
		t.Errorf("%v", r)
	}
}

// A large stream in both directions at once does not lock up.
func TestBothWays(t *testing.T) {
	s := start(t)
	r := s.Sh(`head -c 50000000 /dev/zero | pouch-run --rm -i --network none $IMG cat | wc -c`)
	if strings.TrimSpace(r.Stdout) != "50000000" {
		t.Errorf("%v", r)
	}
}

// The exit code of a command that a signal killed is 128 and the signal.
func TestSignalCodes(t *testing.T) {
	s := start(t)
	for _, sig := range []int{9, 15} {
		r := s.Pouch("pouch-run", "--rm", "--network", "none", s.Image, "sh", "-c", fmt.Sprintf("sh -c 'kill -%d $$'; exit $?", sig))
		if r.Code != 128+sig {
			t.Errorf("signal %d: %v", sig, r)
		}
	}
}

// The first words of a container's process may be answered with a signal: none that
// comes after them is lost, be the command still busy with the start.
func TestSignalAtTheFirstWord(t *testing.T) {
	s := start(t)
	script := `trap "exit 9" USR1; echo up; while :; do sleep 0.02; done`
	s.Must(t, "pouch-run", "create", "--name", "kept", "--network", "none", s.Image, "sh", "-c", script)
	s.Must(t, "pouch-run", "-d", "--name", "other", "--network", "none", s.Image, "sleep", "1000")
	for name, args := range map[string][]string{
		"run":   {"--rm", "--network", "none", s.Image, "sh", "-c", script},
		"start": {"start", "-a", "kept"},
		"exec":  {"exec", "other", "sh", "-c", script},
	} {
		t.Run(name, func(t *testing.T) {
			for range 12 {
				answered(t, s.Cmd("pouch-run", args...))
			}
		})
	}
	s.Must(t, "pouch-run", "rm", "-f", "kept", "other")
}

// answered runs c, sends it SIGUSR1 for its first line, and wants that it ends with 9.
func answered(t *testing.T, c *exec.Cmd) {
	t.Helper()
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	late := time.AfterFunc(harness.Patience(time.Minute), func() { c.Process.Kill() })
	defer late.Stop()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Error(err)
	}
	must(t, c.Process.Signal(syscall.SIGUSR1))
	c.Wait()
	if got := c.ProcessState.ExitCode(); got != 9 {
		t.Fatalf("exit %d: the signal is lost", got)
	}
}
