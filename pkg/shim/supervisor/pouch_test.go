package supervisor

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// pipes are a client's descriptors: its ends, and those that it gives away.
func pipes(t *testing.T) (in, out *os.File, give []*os.File) {
	t.Helper()
	inR, in, err := os.Pipe()
	must(t, err)
	out, outW, err := os.Pipe()
	must(t, err)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	t.Cleanup(func() { in.Close(); out.Close() })
	return in, out, []*os.File{inR, outW, null}
}

func TestForegroundHasTheCallersDescriptors(t *testing.T) {
	p := newPouch(t, nil, "sh", "-c", "cat; exit 4")
	in, out, give := pipes(t)
	p.launch(&ctl.Message{Stdio: ctl.Inherit}, give...)
	closeAll(give)
	p.start()
	p.recv(p.conn, ctl.Started)
	if st := p.state(); st.Status != record.Running || st.Init.Pid == 0 || st.Owner.Pid != p.proc.Pid || st.BootID == "" {
		t.Errorf("state: %+v", st)
	}
	sum, written := sha256.New(), make(chan struct{})
	go func() {
		defer close(written)
		w := io.MultiWriter(in, sum)
		for i := range 200000 {
			fmt.Fprintln(w, i)
		}
		in.Close()
	}()
	got := sha256.New()
	if _, err := io.Copy(got, out); err != nil {
		t.Fatal(err)
	}
	<-written
	m, _ := p.recv(p.conn, ctl.Exited)
	if m.ExitCode != 4 || fmt.Sprintf("%x", got.Sum(nil)) != fmt.Sprintf("%x", sum.Sum(nil)) {
		t.Errorf("exit code %d, or other bytes", m.ExitCode)
	}
	p.ended()
	st := p.state()
	if st.Status != record.Exited || st.ExitCode != 4 || st.Init.Pid != 0 || st.StoppedByUser || st.Finished.IsZero() {
		t.Errorf("state: %+v", st)
	}
}

func TestLogIsCompleteBeforeTheExitIsTold(t *testing.T) {
	p := newPouch(t, nil, "sh", "-c", "seq 1 20000; echo oops >&2; printf last")
	p.launch(&ctl.Message{Stdio: ctl.Log, Detached: true})
	p.start()
	p.recv(p.conn, ctl.Exited)
	var out, errOut strings.Builder
	for e, err := range stdio.ReadLog(bg, p.store.LogPath(p.id), stdio.ReadOptions{Tail: -1}) {
		must(t, err)
		if e.Stream == "stderr" {
			errOut.WriteString(e.Text)
		} else {
			out.WriteString(e.Text)
		}
	}
	if lines := strings.Split(out.String(), "\n"); len(lines) != 20001 || lines[19999] != "20000" || lines[20000] != "last" {
		t.Errorf("%d lines", len(lines))
	}
	if errOut.String() != "oops\n" {
		t.Errorf("stderr %q", errOut.String())
	}
	p.ended()
}

func TestClientsDeathEndsTheContainer(t *testing.T) {
	for policy, want := range map[string]int{"": 137, "kill": 137, "stop": 7} {
		t.Run(policy, func(t *testing.T) {
			p := newPouch(t, func(c *record.Container) { c.Policy.OnClientExit, c.Process.StopTimeout = policy, new(600) },
				"sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done")
			_, out, give := pipes(t)
			p.launch(&ctl.Message{Stdio: ctl.Inherit}, give...)
			closeAll(give)
			p.start()
			io.ReadFull(out, make([]byte, len("ready\n")))
			p.conn.Close()
			p.ended()
			if st := p.state(); st.Status != record.Exited || st.ExitCode != want {
				t.Errorf("state: %+v", st)
			}
		})
	}
}

func TestClientsDeathBeforeTheStartLeavesNothing(t *testing.T) {
	for _, step := range []string{"spawned", "launched", "created"} {
		t.Run(step, func(t *testing.T) {
			p := newPouch(t, nil, "sleep", "1000")
			if step != "spawned" {
				p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
			}
			if step == "created" {
				must(t, p.create())
			}
			p.conn.Close()
			p.ended()
			if st := p.state(); st.Status != record.Creating {
				t.Errorf("the state of what never ran was written: %+v", st)
			}
		})
	}
}

func TestDetachedOutlivesItsClient(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	p.start()
	p.recv(p.conn, ctl.Started)
	p.conn.Close()
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Kill, Signal: int(unix.SIGUSR1)})) // process 1 has no handler: no effect
	p.recv(c, ctl.OK)
	must(t, c.Send(&ctl.Message{Op: ctl.Wait}))
	must(t, c.Send(&ctl.Message{Op: ctl.Kill, Signal: int(unix.SIGKILL)}))
	if m, _ := p.recv(c, ctl.Exited); m.ExitCode != 137 {
		t.Errorf("exit code %d", m.ExitCode)
	}
	p.ended()
	if st := p.state(); !st.StoppedByUser {
		t.Errorf("state: %+v", st)
	}
}

func TestStopWaitsThenKills(t *testing.T) {
	p := newPouch(t, nil, "sh", "-c", "trap '' TERM; while :; do sleep 0.01; done")
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	p.start()
	a, b := p.dial(), p.dial() // two at once
	begin := time.Now()
	must(t, a.Send(&ctl.Message{Op: ctl.Stop, Signal: int(unix.SIGTERM), Timeout: 1}))
	must(t, b.Send(&ctl.Message{Op: ctl.Stop, Signal: int(unix.SIGTERM), Timeout: 100}))
	for _, c := range []*ctl.Conn{a, b} {
		if m, _ := p.recv(c, ctl.Exited); m.ExitCode != 137 {
			t.Errorf("exit code %d", m.ExitCode)
		}
	}
	if d := time.Since(begin); d < time.Second {
		t.Errorf("killed after %v", d)
	}
	p.ended()
}

func TestRestartPolicies(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Restart = record.Restart{Name: "on-failure", Max: 2} },
		"sh", "-c", "echo run; exit 3")
	_, out, give := pipes(t)
	p.launch(&ctl.Message{Stdio: ctl.Inherit}, give...)
	closeAll(give)
	p.start()
	text, _ := io.ReadAll(out)
	if string(text) != "run\nrun\nrun\n" {
		t.Errorf("%q", text)
	}
	if m, _ := p.recv(p.conn, ctl.Exited); m.ExitCode != 3 {
		t.Errorf("exit code %d", m.ExitCode)
	}
	p.ended()
	if st := p.state(); st.Restarts != 2 || st.StoppedByUser {
		t.Errorf("state: %+v", st)
	}
}

func TestStopEndsARestartLoop(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Restart.Name = "always" }, "true")
	p.launch(&ctl.Message{Stdio: ctl.Log, Detached: true})
	p.start()
	eventually(t, "it is in its back-off", func() bool { st := p.state(); return st.Status == record.Restarting && st.Restarts > 0 })
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Stop, Timeout: 100}))
	p.recv(c, ctl.Exited)
	p.ended()
	if st := p.state(); st.Status != record.Exited || !st.StoppedByUser {
		t.Errorf("state: %+v", st)
	}
}

func TestTerminalOfTheClient(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Process.TTY = true }, "sh", "-c", "read x; stty size; echo got $x; exit 5")
	p.launch(&ctl.Message{Stdio: ctl.TTY, Width: 80, Height: 24})
	p.start()
	_, files := p.recv(p.conn, ctl.Stream)
	must(t, p.conn.Send(&ctl.Message{Op: ctl.Resize, Width: 91, Height: 33}))
	must(t, p.conn.Send(&ctl.Message{Op: ctl.Ping}))
	p.recv(p.conn, ctl.OK) // the size is set
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Attach}))
	_, second := p.recv(c, ctl.Stream)
	io.WriteString(files[0], "typed\n")
	want := "typed\r\n33 91\r\ngot typed\r\n"
	for _, f := range []*os.File{files[0], second[0]} {
		if got, _ := io.ReadAll(f); string(got) != want {
			t.Errorf("%q", got)
		}
		f.Close()
	}
	if m, _ := p.recv(p.conn, ctl.Exited); m.ExitCode != 5 {
		t.Errorf("exit code %d", m.ExitCode)
	}
	p.ended()
}

func TestExecThroughTheControlSocket(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Process.User = "web" }, "sleep", "1000")
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	p.start()
	run := func(e *ctl.ExecProcess) (string, int) {
		t.Helper()
		c := p.dial()
		in, out, give := pipes(t)
		in.Close()
		must(t, c.Send(&ctl.Message{Op: ctl.Exec, Stdio: ctl.Inherit, Exec: e}, give...))
		closeAll(give)
		m, _ := p.recv(c, ctl.Started)
		if m.Pid == 0 {
			t.Error("no pid")
		}
		text, _ := io.ReadAll(out)
		m, _ = p.recv(c, ctl.Exited)
		return string(text), m.ExitCode
	}
	if text, code := run(&ctl.ExecProcess{Args: []string{"sh", "-c", "id -u; id -G; echo $HOME $A; exit 9"}, Env: []string{"A=b"}}); text != "33\n33\n/srv b\n" || code != 9 {
		t.Errorf("%q %d", text, code)
	}
	if text, code := run(&ctl.ExecProcess{Args: []string{"sh", "-c", "id -u; echo $HOME; pwd"}, User: "root", Cwd: "/tmp"}); text != "0\n/root\n/tmp\n" || code != 0 {
		t.Errorf("%q %d", text, code)
	}
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Exec, Stdio: ctl.Null, Exec: &ctl.ExecProcess{Args: []string{"nosuch"}}}))
	if m, _ := p.recv2(c); m.Op != ctl.Error || m.Kind != string(errs.NoCommand) {
		t.Errorf("unknown command: %+v", m)
	}
	must(t, c.Send(&ctl.Message{Op: ctl.Exec, Stdio: ctl.Null, Exec: &ctl.ExecProcess{Args: []string{"id"}, User: "nobody2"}}))
	if m, _ := p.recv2(c); m.Op != ctl.Error || m.Kind != string(errs.Invalid) {
		t.Errorf("unknown user: %+v", m)
	}
}

// recv2 takes the next message, whatever it is.
func (p *pouch) recv2(c *ctl.Conn) (*ctl.Message, []*os.File) {
	p.t.Helper()
	c.SetDeadline(time.Now().Add(time.Minute))
	m, files, err := c.Recv()
	must(p.t, err)
	return m, files
}

func TestExecEndsWithItsClientAndWhatItStarted(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	p.start()
	c := p.dial()
	_, out, give := pipes(t)
	script := "trap '' HUP TERM; sleep 2000 & echo ready; wait; sleep 2001"
	must(t, c.Send(&ctl.Message{Op: ctl.Exec, Stdio: ctl.Inherit, Exec: &ctl.ExecProcess{Args: []string{"sh", "-c", script}}}, give...))
	closeAll(give)
	p.recv(c, ctl.Started)
	io.ReadFull(out, make([]byte, len("ready\n")))
	d := p.dial() // a detached one stays
	must(t, d.Send(&ctl.Message{Op: ctl.Exec, Detached: true, Stdio: ctl.Null, Exec: &ctl.ExecProcess{Args: []string{"sleep", "3000"}}}))
	p.recv(d, ctl.Started)
	d.Close()
	c.Close()
	if rest, err := io.ReadAll(out); err != nil || len(rest) != 0 { // its last process has the pipe
		t.Errorf("%q %v", rest, err)
	}
	eventually(t, "process 1 and the detached exec are left", func() bool {
		r, err := p.task.Pids(bg, &taskapi.PidsRequest{ID: p.id})
		must(t, err)
		return len(r.Processes) == 2
	})
}

func TestFailedCreateIsToldWithItsKind(t *testing.T) {
	for want, p := range map[errs.Kind]*pouch{
		errs.NoCommand:     newPouch(t, nil, "nosuch"),
		errs.NotExecutable: newPouch(t, nil, "/etc"),
		errs.Invalid:       newPouch(t, func(c *record.Container) { c.Process.User = "nobody2" }, "true"),
	} {
		p.launch(&ctl.Message{Stdio: ctl.Null})
		if err := p.create(); err == nil {
			t.Errorf("%s: it was created", want)
		}
		if m, _ := p.recv2(p.conn); m.Op != ctl.Error || m.Kind != string(want) {
			t.Errorf("%s: %+v", want, m)
		}
		p.conn.Close()
		p.ended()
	}
}

// ignored is the set of the standard signals, 1 to 31, that a process ignores.
// The C library has use for those above.
func ignored(t *testing.T, proc string) uint64 {
	status, err := os.ReadFile(proc + "status")
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "SigIgn:\t")
	word, _, _ := strings.Cut(rest, "\n")
	set, err := strconv.ParseUint(word, 16, 64)
	must(t, err)
	return set & 0x7fffffff
}

func TestContainerInheritsNothingOfTheSupervisor(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	_, _, give := pipes(t)
	p.launch(&ctl.Message{Stdio: ctl.Inherit}, give...)
	closeAll(give)
	p.start()
	m, _ := p.recv(p.conn, ctl.Started)
	proc := fmt.Sprintf("/proc/%d/", m.Pid)
	eventually(t, "sleep runs", func() bool {
		b, _ := os.ReadFile(proc + "comm")
		return string(b) == "sleep\n"
	})
	fds, err := os.ReadDir(proc + "fd")
	must(t, err)
	if len(fds) != 3 {
		t.Errorf("descriptors: %v", fds)
	}
	if got, own := ignored(t, proc), ignored(t, "/proc/self/"); got&^own != 0 {
		t.Errorf("it ignores signals %#x, this test %#x", got, own)
	}
	mine, _ := os.ReadFile("/proc/self/oom_score_adj")
	its, _ := os.ReadFile(proc + "oom_score_adj")
	supervisors, _ := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", p.proc.Pid))
	want := "-999\n"
	if os.WriteFile("/proc/self/oom_score_adj", []byte("-1"), 0) != nil {
		want = string(mine) // not allowed on this machine
	} else {
		os.WriteFile("/proc/self/oom_score_adj", mine, 0)
	}
	if string(its) != string(mine) || string(supervisors) != want {
		t.Errorf("oom score of the container %q, of the supervisor %q, of the caller %q", its, supervisors, mine)
	}
}

func TestDeleteAndShutdownByContainerd(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	p.start()
	must(t, second(p.task.Kill(bg, &taskapi.KillRequest{ID: p.id, Signal: 9})))
	p.task.Delete(bg, &taskapi.DeleteRequest{ID: p.id}) // answered or cut off: it ends in any case
	p.task.Shutdown(bg, &taskapi.ShutdownRequest{ID: p.id})
	p.ended()
}
