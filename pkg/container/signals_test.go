package container

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// answering records what a supervisor is asked and answers answer.
func answering(asked chan<- ctl.Message, answer ctl.Message) func(*ctl.Conn) {
	return func(c *ctl.Conn) {
		msg, _, err := c.Recv()
		if err != nil {
			return
		}
		asked <- *msg
		c.Send(&answer)
	}
}

func TestKill(t *testing.T) {
	w := newWorld(t)
	asked := make(chan ctl.Message, 1)
	c := w.add("c1", w.running(w.self()), nil)
	w.supervise(c.ID, answering(asked, ctl.Message{Op: ctl.OK}))
	for signal, want := range map[string]unix.Signal{"USR1": unix.SIGUSR1, "sigterm": unix.SIGTERM, "1": unix.SIGHUP} {
		if err := w.Kill(t.Context(), "c1", signal); err != nil {
			t.Fatal(err)
		}
		if m := <-asked; m.Op != ctl.Kill || m.Signal != int(want) {
			t.Errorf("%s: %+v", signal, m)
		}
	}
	if err := w.Kill(t.Context(), "c1", "FOO"); !errs.Is(err, errs.Invalid) {
		t.Errorf("FOO: %v", err)
	}
}

// A container that was killed can be removed at once: Kill asks for its end.
func TestKillWaits(t *testing.T) {
	w := newWorld(t)
	c := w.add("c1", w.running(w.self()), nil)
	asked := make(chan ctl.Message, 2)
	w.supervise(c.ID, func(conn *ctl.Conn) {
		msg, _, err := conn.Recv()
		if err != nil {
			return
		}
		asked <- *msg
		if msg.Op == ctl.Wait {
			conn.Send(&ctl.Message{Op: ctl.Exited, ExitCode: 137})
			return
		}
		conn.Send(&ctl.Message{Op: ctl.OK})
	})
	if err := w.Kill(t.Context(), "c1", ""); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 {
		t.Fatalf("the supervisor was asked %d times", len(asked))
	}
	if first, second := <-asked, <-asked; first.Op != ctl.Kill || first.Signal != int(unix.SIGKILL) || second.Op != ctl.Wait {
		t.Errorf("asked %+v, %+v", first, second)
	}
}

func TestKillNotRunning(t *testing.T) {
	w := newWorld(t)
	c := w.add("c1", record.State{Status: record.Exited}, nil)
	err := w.Kill(t.Context(), "c1", "")
	if want := "Cannot kill container: c1: container " + c.ID + " is not running"; !errs.Is(err, errs.Conflict) || err.Error() != want {
		t.Errorf("%v", err)
	}
	if err := w.Kill(t.Context(), "nosuch", ""); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v", err)
	}
}

func TestKillWithoutSupervisor(t *testing.T) {
	w := newWorld(t)
	cmd, p := w.child("echo; exec sleep 300")
	w.add("c1", w.running(p), nil)
	if err := w.Kill(t.Context(), "c1", "TERM"); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if s := cmd.ProcessState.Sys().(interface{ Signal() unix.Signal }).Signal(); s != unix.SIGTERM {
		t.Errorf("ended by %v", s)
	}
}

func TestStop(t *testing.T) {
	w := newWorld(t)
	asked := make(chan ctl.Message, 1)
	own, zero := 7, 0
	for _, c := range []struct {
		name    string
		process record.Process
		o       StopOpts
		signal  unix.Signal
		timeout int
	}{
		{"plain", record.Process{}, StopOpts{}, unix.SIGTERM, 10},
		{"image", record.Process{StopSignal: "SIGQUIT", StopTimeout: &own}, StopOpts{}, unix.SIGQUIT, 7},
		{"flags", record.Process{StopSignal: "SIGQUIT", StopTimeout: &own}, StopOpts{Timeout: &zero, Signal: "INT"}, unix.SIGINT, 0},
	} {
		id := w.add(c.name, w.running(w.self()), func(r *record.Container) { r.Process = c.process }).ID
		w.supervise(id, answering(asked, ctl.Message{Op: ctl.Exited}))
		if err := w.Stop(t.Context(), c.name, c.o); err != nil {
			t.Fatal(err)
		}
		if m := <-asked; m.Op != ctl.Stop || m.Signal != int(c.signal) || m.Timeout != c.timeout {
			t.Errorf("%s: %+v", c.name, m)
		}
	}
}

func TestStopStopped(t *testing.T) {
	w := newWorld(t)
	w.add("c1", record.State{Status: record.Exited}, nil)
	if err := w.Stop(t.Context(), "c1", StopOpts{}); err != nil {
		t.Error(err)
	}
	if err := w.Stop(t.Context(), "c1", StopOpts{Signal: "FOO"}); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

func TestStopAlone(t *testing.T) {
	w := newWorld(t)
	_, obeys := w.child("echo; exec sleep 300")
	if err := stopAlone(t.Context(), obeys, unix.SIGTERM, 60); err != nil || proc.Alive(obeys) {
		t.Errorf("%v, alive %v", err, proc.Alive(obeys))
	}
	_, ignores := w.child("trap '' TERM; echo; while :; do sleep 1; done")
	if err := stopAlone(t.Context(), ignores, unix.SIGTERM, 0); err != nil || proc.Alive(ignores) {
		t.Errorf("%v, alive %v", err, proc.Alive(ignores))
	}
	if err := stopAlone(t.Context(), ignores, unix.SIGTERM, 0); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestWait(t *testing.T) {
	w := newWorld(t)
	asked := make(chan ctl.Message, 1)
	c := w.add("c1", w.running(w.self()), nil)
	w.supervise(c.ID, answering(asked, ctl.Message{Op: ctl.Exited, ExitCode: 42}))
	if code, err := w.Wait(t.Context(), "c1"); err != nil || code != 42 || (<-asked).Op != ctl.Wait {
		t.Errorf("%d, %v", code, err)
	}
	w.add("c2", record.State{Status: record.Exited, ExitCode: 7}, nil)
	if code, err := w.Wait(t.Context(), "c2"); err != nil || code != 7 {
		t.Errorf("%d, %v", code, err)
	}
}

// A container whose supervisor was killed ends by itself some time: its code is
// lost, its end is not.
func TestWaitWithoutSupervisor(t *testing.T) {
	w := newWorld(t)
	cmd, p := w.child("echo; exec sleep 300")
	w.add("c1", w.running(p), nil)
	code := make(chan int)
	go func() {
		n, err := w.Wait(t.Context(), "c1")
		if err != nil {
			t.Error(err)
		}
		code <- n
	}()
	cmd.Process.Kill()
	if n := <-code; n != 137 {
		t.Errorf("exit code %d", n)
	}
}

func TestAskTellsTheSupervisorsError(t *testing.T) {
	w := newWorld(t)
	asked := make(chan ctl.Message, 1)
	c := w.add("c1", w.running(w.self()), nil)
	w.supervise(c.ID, answering(asked, ctl.Message{Op: ctl.Error, Kind: string(errs.Denied), Message: "no"}))
	err := w.Kill(t.Context(), "c1", "")
	if !errs.Is(err, errs.Denied) || !strings.HasSuffix(err.Error(), "no") {
		t.Errorf("%v", err)
	}
}
