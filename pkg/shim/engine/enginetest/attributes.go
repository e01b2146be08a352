package enginetest

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

const show = `id -u; id -g; id -G; ulimit -n; ulimit -s; pwd; echo $WORD; hostname; grep -E '^(NoNewPrivs|CapEff)' /proc/self/status`

func dress(p *specs.Process) {
	caps := []string{"CAP_KILL"}
	p.User = specs.User{UID: 1000, GID: 1001, AdditionalGids: []uint32{1001, 7, 8}}
	p.Rlimits = []specs.POSIXRlimit{
		{Type: "RLIMIT_NOFILE", Soft: 456, Hard: 456}, // runc before 1.2 lost the soft one
		{Type: "RLIMIT_STACK", Soft: 4 << 20, Hard: 8 << 20},
	}
	p.Cwd = "/tmp"
	p.Env = append(p.Env, "WORD=a b")
	p.NoNewPrivileges = true
	p.Capabilities = &specs.LinuxCapabilities{
		Bounding: caps, Effective: caps, Permitted: caps, Inheritable: caps, Ambient: caps,
	}
}

const shown = "1000\n1001\n1001 7 8\n456\n4096\n/tmp\na b\nbox\nCapEff:\t0000000000000020\nNoNewPrivs:\t1\n"

// attributes shows that what a process asks for it gets, process 1 and exec.
func attributes(t *testing.T, f *fixture) {
	r, w := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdout: w}, func(s *specs.Spec) { dress(s.Process) }, "sh", "-c", show))
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != shown {
		t.Errorf("process 1 says %q, %v; want %q", got, err, shown)
	}
	waitFor(t, c)
	c = f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	r, w = pipe(t)
	p := proc("sh", "-c", show)
	dress(p)
	e, err := c.Exec(t.Context(), p, engine.IO{Stdout: w})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != shown {
		t.Errorf("exec says %q, %v; want %q", got, err, shown)
	}
	waitFor(t, e)
}

// noDescriptors shows that a process has its three descriptors and no other
// (CVE-2024-21626).
func noDescriptors(t *testing.T, f *fixture) {
	r, w := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdout: w}, nil, "sh", "-c", "ls /proc/$$/fd; read x < /dev/null; sleep 1000"))
	w.Close()
	if got := readUntil(t, r, "2\n"); got != "0\n1\n2\n" {
		t.Errorf("process 1 has %q", got)
	}
	r, w = pipe(t)
	e, err := c.Exec(t.Context(), proc("sh", "-c", "ls /proc/$$/fd; true"), engine.IO{Stdout: w})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "0\n1\n2\n" {
		t.Errorf("exec has %q, %v", got, err)
	}
	waitFor(t, e)
}

// createCancelled ends the context while a hook never ends.
func createCancelled(t *testing.T, f *fixture) {
	mark := filepath.Join(f.base, "hooked")
	os.Remove(mark)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := f.opts(t, null(), func(s *specs.Spec) {
		s.Hooks = &specs.Hooks{CreateContainer: []specs.Hook{{
			Path: "/bin/sh", Args: []string{"sh", "-c", "echo > " + mark + "; exec sleep 1000"},
		}}}
	}, "true")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(mark); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := f.engine.Create(ctx, o)
	if !errs.Is(err, errs.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want kind unavailable, canceled", err)
	}
	f.gone(t, o.ID)
	if left := f.processes(); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}

// badMount shows the runtime's own words of what is wrong.
func badMount(t *testing.T, f *fixture) {
	o := f.opts(t, null(), func(s *specs.Spec) {
		s.Mounts = append(s.Mounts, specs.Mount{Destination: "/x", Type: "bind", Source: "/no/such/source", Options: []string{"bind"}})
	}, "true")
	_, err := f.engine.Create(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "/no/such/source") {
		t.Errorf("%v, want the source named", err)
	}
	f.gone(t, o.ID)
}

// noLeak shows that making and deleting containers costs no descriptor.
func noLeak(t *testing.T, f *fixture) {
	once := func() {
		c, err := f.engine.Create(t.Context(), f.opts(t, null(), nil, "true"))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		waitFor(t, c)
		if err := c.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	once()
	before := descriptors(t)
	for range 10 {
		once()
	}
	if after := descriptors(t); after > before+3 { // the Go runtime may take one or two
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	e, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(e)
}

// orphans has a container without a pid namespace leave orphans while it runs:
// Run sees that no zombie of them
// stays.
func orphans(t *testing.T, f *fixture) {
	r, w := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdout: w}, func(s *specs.Spec) {
		s.Linux.Namespaces = s.Linux.Namespaces[1:]
	}, "sh", "-c", "for i in 1 2 3 4 5; do (true &); done; echo ready; exec sleep 1000"))
	readUntil(t, r, "ready")
	p, err := c.Exec(t.Context(), proc("sh", "-c", "(true &); exit 5"), null())
	if err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, p); got != 5 {
		t.Errorf("exec beside orphans: %d, want 5", got)
	}
	if err := c.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// noZombies waits until this process has no zombie child but those of before.
func noZombies(t *testing.T, before map[string]bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		now := zombies()
		for pid := range before {
			delete(now, pid)
		}
		if len(now) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("zombies: %v", slices.Sorted(maps.Keys(now)))
			return
		}
	}
}

// zombies lists the zombie children of this process.
func zombies() map[string]bool {
	out := map[string]bool{}
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, l := range lists {
		b, _ := os.ReadFile(l)
		for pid := range strings.FieldsSeq(string(b)) {
			st, _ := os.ReadFile("/proc/" + pid + "/stat")
			if strings.Contains(string(st), ") Z ") {
				out[pid] = true
			}
		}
	}
	return out
}
