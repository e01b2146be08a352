package container

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// cat is a supervisor whose exec copies stdin to stdout and exits with 4.
func cat(asked chan<- ctl.Message) func(*ctl.Conn) {
	return func(c *ctl.Conn) {
		msg, files, err := c.Recv()
		if err != nil {
			return
		}
		asked <- *msg
		c.Send(&ctl.Message{Op: ctl.Started, Pid: 9})
		if len(files) == 3 {
			io.Copy(files[1], files[0])
			io.WriteString(files[2], "done")
			closeFiles(files)
		}
		c.Send(&ctl.Message{Op: ctl.Exited, ExitCode: 4})
	}
}

func TestExec(t *testing.T) {
	w := newWorld(t)
	asked := make(chan ctl.Message, 1)
	c := w.add("c1", w.running(w.self()), nil)
	w.supervise(c.ID, cat(asked))
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	errR, errW := pipe(t)
	inW.WriteString("hello")
	inW.Close()
	for _, c := range []struct {
		stdin, detach bool
		code          int
		out           string
		stdio         ctl.Stdio
	}{
		{false, false, 4, "", ctl.Inherit}, // without -i it has no input, though there is some
		{true, false, 4, "hello", ctl.Inherit},
		{true, true, 0, "", ctl.Null},
	} {
		code, err := w.Exec(t.Context(), "c1", ExecOpts{
			Args: []string{"cat", "-"}, Env: []string{"A=1"}, Cwd: "/tmp", User: "me",
			Stdin: c.stdin, Detach: c.detach, IO: IO{Stdin: inR, Stdout: outW, Stderr: errW},
		})
		m := <-asked
		if err != nil || code != c.code || m.Op != ctl.Exec || m.Stdio != c.stdio || m.Detached != c.detach {
			t.Errorf("%+v: %d, %v, %+v", c, code, err, m)
		}
		want := &ctl.ExecProcess{Args: []string{"cat", "-"}, Env: []string{"A=1"}, Cwd: "/tmp", User: "me"}
		if !reflect.DeepEqual(m.Exec, want) {
			t.Errorf("%+v", m.Exec)
		}
		if !c.detach {
			buf := make([]byte, 4)
			if _, err := io.ReadFull(errR, buf); err != nil || string(buf) != "done" {
				t.Errorf("stderr %q, %v", buf, err)
			}
		}
		if c.out != "" {
			buf := make([]byte, len(c.out))
			if _, err := io.ReadFull(outR, buf); err != nil || string(buf) != c.out {
				t.Errorf("stdout %q, %v", buf, err)
			}
		}
	}
}

func TestExecTerm(t *testing.T) {
	w := newWorld(t)
	asked := make(chan ctl.Message, 1)
	c := w.add("c1", w.running(w.self()), nil)
	w.supervise(c.ID, cat(asked))
	for env, want := range map[string]string{"": "TERM=xterm", "TERM=vt100": "TERM=vt100", "A=1": "TERM=xterm A=1"} {
		w.Exec(t.Context(), "c1", ExecOpts{Args: []string{"sh"}, Env: strings.Fields(env), TTY: true, Detach: true})
		if m := <-asked; m.Stdio != ctl.TTY || strings.Join(m.Exec.Env, " ") != want {
			t.Errorf("%q: %+v", env, m.Exec)
		}
	}
}

func TestExecRefused(t *testing.T) {
	w := newWorld(t)
	paused := w.running(w.self())
	paused.Status = record.Paused
	stopped := w.add("stopped", record.State{Status: record.Exited}, nil)
	w.add("paused", paused, nil)
	w.add("alone", w.running(w.self()), nil)
	for target, want := range map[string]struct {
		kind errs.Kind
		text string
	}{
		"nosuch":  {errs.NotFound, "No such container: nosuch"},
		"stopped": {errs.Conflict, "container " + stopped.ID + " is not running"},
		"paused":  {errs.Conflict, "Container paused is paused, unpause the container before exec"},
		"alone":   {errs.Unavailable, "runs without its supervisor"},
	} {
		_, err := w.Exec(t.Context(), target, ExecOpts{Args: []string{"true"}})
		if !errs.Is(err, want.kind) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestExecNoCommand(t *testing.T) {
	w := newWorld(t)
	c := w.add("c1", w.running(w.self()), nil)
	w.supervise(c.ID, answering(make(chan ctl.Message, 9), ctl.Message{Op: ctl.Error, Kind: string(errs.NoCommand), Message: `exec: "x": executable file not found in $PATH`}))
	for _, detach := range []bool{false, true} {
		_, err := w.Exec(t.Context(), "c1", ExecOpts{Args: []string{"x"}, Detach: detach})
		if errs.KindOf(err).Exit() != 127 {
			t.Errorf("detach %v: %v", detach, err)
		}
	}
}
