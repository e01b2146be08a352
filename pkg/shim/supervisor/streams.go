package supervisor

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// flushLimit is how long a client may take to read its last output before it is
// told the end without.
const flushLimit = 10 * time.Second

// logs are the outputs of a container whose streams are copied.
type logs struct {
	log      stdio.Log // nil: no log
	onDisk   bool      // it is the json-file
	out, err stdio.Broadcast
	mu       sync.Mutex
	trouble  string   // of the log's driver; empty: none
	stdin    *os.File // our end of a standard input that is held open; nil: none
}

// output is where one stream of a container goes.
type output struct {
	lines *stdio.Lines // nil: no log
	to    *stdio.Broadcast
}

func (l *logs) output(name string) output {
	o := output{to: &l.out}
	if name == "stderr" {
		o.to = &l.err
	}
	if l.log != nil {
		o.lines = stdio.NewLines(l.log, name)
	}
	return o
}

// Write never fails: a log or a client that fails does not fail the container.
func (o output) Write(p []byte) (int, error) {
	if o.lines != nil {
		o.lines.Write(p) //nolint:errcheck // as said above
	}
	return o.to.Write(p)
}

// Close writes the last line. The clients stay, for the next life.
func (o output) Close() error {
	if o.lines != nil {
		return o.lines.Close()
	}
	return nil
}

// pouchStreams decides how the container's streams are connected, by what the
// client asked for.
func (t *task) pouchStreams(ctx context.Context) error {
	launch, err := t.s.client.wait(ctx)
	if err != nil {
		return err
	}
	t.takePreserved(launch)
	var files [3]*os.File
	copy(files[:], launch.files)
	switch launch.msg.Stdio {
	case ctl.Null:
		t.wire = func() (*stdio.Streams, error) { return stdio.Null(), nil }
		return nil
	case ctl.Inherit:
		t.handed = newHanded(files)
		t.wire = func() (*stdio.Streams, error) { return stdio.Inherit(t.handed.files, t.mayRestart()), nil }
		return nil
	case ctl.TTY:
		return t.terminal(launch)
	case ctl.Log, ctl.Tee:
		return t.copied(launch, files)
	}
	return errs.New(errs.Invalid, "launch: stdio %q is not known", launch.msg.Stdio)
}

func (t *task) copied(launch *launched, files [3]*os.File) error {
	t.logs = &logs{}
	if err := t.openLog(launch.msg); err != nil {
		return err
	}
	stdin := files[0]
	if launch.msg.Stdio == ctl.Tee {
		t.logs.out.Add(files[1], nil)
		t.logs.err.Add(files[2], nil)
	} else if t.rec.Process.OpenStdin {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		stdin, t.logs.stdin = r, w
	}
	t.handed = newHanded([3]*os.File{stdin})
	t.wire = func() (*stdio.Streams, error) {
		in := t.handed.files[0]
		if t.mayRestart() && in != nil {
			var err error
			if in, err = duplicate(in); err != nil {
				return nil, err
			}
		}
		return stdio.Copied(in, t.logs.output("stdout"), t.logs.output("stderr"))
	}
	return nil
}

// mayRestart reports whether there may be another life.
func (t *task) mayRestart() bool {
	if t.checked() && t.rec.Health.OnFailure == "restart" {
		return true
	}
	name := t.policyOf().Name
	return name != "" && name != "no"
}

// terminal makes the hub, and connects the client unless nobody waits.
func (t *task) terminal(launch *launched) error {
	t.logs = &logs{}
	detached := launch.msg.Detached
	if detached || t.rec.Policy.Log.Driver != "" {
		if err := t.openLog(launch.msg); err != nil {
			return err
		}
	}
	var log io.Writer
	if t.logs.log != nil {
		log = stdio.NewLines(t.logs.log, "stdout")
	}
	t.hub = stdio.NewHub(log)
	t.s.client.setHub(t.hub)
	t.opts.Spec.Process.ConsoleSize = consoleSize(launch.msg)
	t.wire = func() (*stdio.Streams, error) { return stdio.Terminal(t.hub), nil }
	if detached {
		return nil
	}
	return t.s.sendStream(t.s.launch, t.hub, nil)
}

// consoleSize is the size of the client's terminal, nil when it told none: the
// process has it from its first moment on.
func consoleSize(m *ctl.Message) *specs.Box {
	if m.Width == 0 || m.Height == 0 {
		return nil
	}
	return &specs.Box{Width: uint(m.Width), Height: uint(m.Height)}
}

// closeOutputs ends the clients of the container's output and waits until they
// have it, for at most flushLimit; then it closes the log.
func (t *task) closeOutputs() {
	if t.logs == nil {
		return
	}
	flushed := []<-chan struct{}{t.logs.out.Close(), t.logs.err.Close()}
	if t.hub != nil {
		flushed = append(flushed, t.hub.Close())
	}
	limit := time.After(flushLimit)
	for _, f := range flushed {
		select {
		case <-f:
		case <-limit:
			limit = closedTime()
		}
	}
	if t.logs.stdin != nil {
		t.logs.stdin.Close()
	}
	t.closeLog()
}

func closedTime() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}

func engineIO(s *stdio.Streams) engine.IO {
	return engine.IO{Stdin: s.Stdin, Stdout: s.Stdout, Stderr: s.Stderr, Terminal: s.TTY, OnConsole: s.Console}
}

// policyOf is the restart policy; none for a container without record.
func (t *task) policyOf() record.Restart {
	if c := t.record(); c != nil {
		return c.Policy.Restart
	}
	return record.Restart{}
}
