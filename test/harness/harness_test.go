package harness

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestBeyond(t *testing.T) {
	base := Census{"link lo": true, "mount /a": true}
	if err := (Census{"link lo": true}).beyond(base); err != nil {
		t.Errorf("less than before is no leftover: %v", err)
	}
	err := Census{"link lo": true, "link pv1": true}.beyond(base)
	if err == nil || !strings.Contains(err.Error(), "link pv1") || strings.Contains(err.Error(), "link lo") {
		t.Errorf("%v", err)
	}
}

// A container is known for good, also one that lived for a moment.
func TestWatchIDs(t *testing.T) {
	dir := t.TempDir()
	w, err := watchIDs(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	id := strings.Repeat("ab", 32)
	for _, name := range []string{"short", id} {
		p := filepath.Join(dir, name)
		if err := os.Mkdir(p, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(time.Minute); len(w.list()) == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got := w.list(); !slices.Equal(got, []string{id}) {
		t.Errorf("%q", got)
	}
}

func TestProcessesByFolder(t *testing.T) {
	s := &Suite{dir: t.TempDir()}
	c := exec.Command("sh", "-c", `echo; read x; : "$0"`, s.dir+"/r")
	in := begin(t, c)
	got := s.Processes("sh")
	in.Close()
	c.Wait()
	if !slices.Equal(got, []int{c.Process.Pid}) {
		t.Errorf("processes %v, not %d", got, c.Process.Pid)
	}
	if left := s.Processes("sh"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// begin starts a shell that says a word first: a process has its command line some
// time after its start has been told, as the kernel writes that last. The shell's
// input is returned.
func begin(t *testing.T, c *exec.Cmd) io.WriteCloser {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestDo(t *testing.T) {
	if r := Do(exec.Command("sh", "-c", "echo out; echo err >&2; exit 7")); r.Code != 7 || r.Stdout != "out\n" || r.Stderr != "err\n" || r.Err != nil {
		t.Errorf("%v", r)
	}
	if r := Do(exec.Command("sh", "-c", "kill -9 $$")); r.Code != -1 || r.Err == nil {
		t.Errorf("%v", r)
	}
	if r := Do(exec.Command("/nosuch")); r.Code != -1 || r.Err == nil {
		t.Errorf("%v", r)
	}
}

// What an engine has forked has its command line for a moment and is no engine.
func TestEngines(t *testing.T) {
	s := &Suite{dir: t.TempDir()}
	c := exec.Command("sh")
	c.Args = []string{"containerd", "-c", "(sleep 3600; :) & wait", s.dir + "/r"}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // Wait tells
		c.Wait()
	})
	for end := time.Now().Add(time.Minute); len(s.Processes("containerd")) < 2; {
		if time.Now().After(end) {
			t.Fatalf("no second process: %v", s.Processes("containerd"))
		}
		time.Sleep(time.Millisecond)
	}
	if got := s.Engines(); !slices.Equal(got, []int{c.Process.Pid}) {
		t.Errorf("engines %v, not %d", got, c.Process.Pid)
	}
}
