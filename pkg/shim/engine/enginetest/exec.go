package enginetest

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

func proc(args ...string) *specs.Process {
	return &specs.Process{Args: args, Cwd: "/", Env: []string{"PATH=/bin"}}
}

func execParallel(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			p, err := c.Exec(t.Context(), proc("sh", "-c", fmt.Sprintf("exit %d", i)), null())
			if err != nil {
				t.Errorf("exec %d: %v", i, err)
				return
			}
			if got := p.Wait().Code; got != i {
				t.Errorf("exec %d: exit %d", i, got)
			}
		})
	}
	wg.Wait()
	p, err := c.Exec(t.Context(), proc("sleep", "1000"), null())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, p); got != 130 {
		t.Errorf("exec and SIGINT: %d, want 130", got)
	}
}

func execErrors(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	for name, want := range map[string]errs.Kind{
		"nosuch": errs.NoCommand, "/no/such": errs.NoCommand,
		"/etc/noexec": errs.NotExecutable, "/etc": errs.NotExecutable, "": errs.NoCommand,
	} {
		_, err := c.Exec(t.Context(), proc(name), null())
		if errs.KindOf(err) != want {
			t.Errorf("exec %q: kind %s, want %s: %v", name, errs.KindOf(err), want, err)
		}
		if want == errs.NoCommand && !strings.Contains(err.Error(), name) {
			t.Errorf("exec %q: the error does not name it: %v", name, err)
		}
	}
	if err := c.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c)
	if _, err := c.Exec(t.Context(), proc("true"), null()); !errs.Is(err, errs.Conflict) {
		t.Errorf("exec in an ended container: %v, want kind conflict", err)
	}
}

func execTerminal(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	var master *os.File
	p := proc("sh", "-c", "test -t 0 && echo tty; exit 9")
	p.Terminal = true
	e, err := c.Exec(t.Context(), p, engine.IO{Terminal: true, OnConsole: func(m *os.File) { master = m }})
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if out := readMaster(t, master); out != "tty\r\n" {
		t.Errorf("terminal said %q", out)
	}
	if got := waitFor(t, e); got != 9 {
		t.Errorf("exit %d, want 9", got)
	}
}

func execInCgroup(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	p, err := c.Exec(t.Context(), proc("sleep", "1000"), null())
	if err != nil {
		t.Fatal(err)
	}
	a, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", c.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", p.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) || !strings.Contains(string(a), "/pouch/") {
		t.Errorf("process 1 in\n%s\nexec in\n%s", a, b)
	}
	if err := c.KillAll(); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, p); got != 137 {
		t.Errorf("exec after KillAll: %d, want 137", got)
	}
}
