//go:build integration

package integration

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/harness"
)

// A terminal has the size of the caller's, also when that changes: of run, exec and
// attach; the last who changes it counts.
func TestWindowSize(t *testing.T) {
	s := start(t)
	script := `trap 'stty size' WINCH; echo begun; stty size; while :; do sleep 0.02; done`
	open := []string{"-d", "-t", "--network", "none", "--name"}
	s.Must(t, "pouch-run", append(open, "idle", s.Image, "sleep", "1000")...)
	s.Must(t, "pouch-run", append(open, "busy", s.Image, "sh", "-c", script)...)
	for name, c := range map[string]struct {
		args  []string
		begun string
	}{
		"run":    {[]string{"--rm", "-it", "--network", "none", s.Image, "sh", "-c", script}, "begun"},
		"exec":   {[]string{"exec", "-it", "idle", "sh", "-c", script}, "begun"},
		"attach": {[]string{"attach", "busy"}, "31 91"},
	} {
		t.Run(name, func(t *testing.T) { sizes(t, s, c.args, c.begun) })
	}
	s.Must(t, "pouch-run", "rm", "-f", "idle", "busy")
}

// sizes runs a command on a terminal and changes that one's size.
func sizes(t *testing.T, s *harness.Suite, args []string, begun string) {
	master, slave := pty(t)
	defer master.Close()
	resize(t, master, 31, 91)
	c := s.Cmd("pouch-run", args...)
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, c.Start())
	defer c.Wait()
	defer c.Process.Kill()
	slave.Close()
	late := time.AfterFunc(harness.Patience(time.Minute), func() { c.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(master)
	for _, step := range []struct{ rows, cols uint16 }{{0, 0}, {40, 120}, {25, 80}} {
		want := begun
		if step.rows != 0 {
			resize(t, master, step.rows, step.cols)
			want = fmt.Sprintf("%d %d", step.rows, step.cols)
		}
		for got := ""; got != want; got = strings.TrimSpace(lines.Text()) {
			if !lines.Scan() {
				t.Fatalf("%s did not come: %v", want, lines.Err())
			}
		}
	}
}

func resize(t *testing.T, master *os.File, rows, cols uint16) {
	t.Helper()
	must(t, unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols}))
}

// pty opens a pseudoterminal (pts(4)).
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(filepath.Join("/dev/pts", fmt.Sprint(n)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}
