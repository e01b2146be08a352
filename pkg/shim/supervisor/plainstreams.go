package supervisor

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// plainStreams connects process 1 as containerd asked.
func (t *task) plainStreams() (*stdio.Streams, error) {
	p := &process{names: t.names, keepInput: t.names.terminal || ofPod(t.opts.Spec)}
	s, err := t.s.named(t.id, p)
	t.hub, t.input, t.logged = p.hub, p.input, p.logged
	return s, err
}

// ofPod reports whether CRI made the container. Its client is then containerd
// itself, which may be restarted, and says by CloseIO when the input ends.
func ofPod(spec *specs.Spec) bool {
	return spec.Annotations["io.kubernetes.cri.container-type"] != ""
}

// named connects a process with the streams that containerd named: paths of
// fifos, or URIs (core/runtime/v2/README.md of containerd, "Logging").
func (s *Supervisor) named(id string, p *process) (_ *stdio.Streams, err error) {
	var opened []io.Closer
	defer func() {
		if err != nil {
			for _, c := range opened {
				c.Close()
			}
			err = fmt.Errorf("connect the streams of %s: %w", id, err)
		}
	}()
	out, err := s.outputs(id, p.names)
	if err != nil {
		return nil, err
	}
	opened = append(opened, out)
	if p.names.terminal {
		return p.namedTerminal(out)
	}
	stdin, in, err := input(p.names.stdin, p.keepInput)
	if err != nil {
		return nil, err
	}
	streams := stdio.Direct(stdin, out.stdout, out.stderr, out.holds...)
	if in != nil {
		streams.OnDrain(in)
	}
	p.mu.Lock()
	p.input, p.logged = in, logTo(out.logger, streams)
	p.mu.Unlock()
	return streams, nil
}

// logTo lets the logging program go on, once its input has ended, until it has
// written what it has: then the channel, nil without a program, is closed. The
// end of the process does not wait for that: a logging program may itself wait
// until containerd tells it of that end, as nerdctl's does.
func logTo(l *stdio.Logger, streams *stdio.Streams) chan struct{} {
	if l == nil {
		return nil
	}
	logged := make(chan struct{})
	streams.OnDrain(closing(func() error {
		go func() {
			defer close(logged)
			l.Close() // how the program ended is its own affair
		}()
		return nil
	}))
	return logged
}

// awaitLogged waits until the logging program of a process that has ended is
// done, which stdio.Logger bounds.
func (p *process) awaitLogged() {
	p.mu.Lock()
	logged := p.logged
	p.mu.Unlock()
	if logged != nil {
		<-logged
	}
}

// closing is an io.Closer.
type closing func() error

// Close implements io.Closer.
func (c closing) Close() error { return c() }

// outputs of a process, opened.
type outputs struct {
	stdout, stderr *os.File // the process' own; nil: none
	holds          []*os.File
	logger         *stdio.Logger
}

// Close closes everything.
func (o *outputs) Close() error {
	for _, f := range append(o.holds, o.stdout, o.stderr) {
		if f != nil {
			f.Close()
		}
	}
	if o.logger != nil {
		return o.logger.Close()
	}
	return nil
}

func (s *Supervisor) outputs(id string, n ioNames) (*outputs, error) {
	o := &outputs{}
	uri, err := url.Parse(n.stdout)
	if err != nil {
		return nil, errs.New(errs.Invalid, "stdout %q: %w", n.stdout, err)
	}
	switch uri.Scheme {
	case "binary", "binary-v2":
		if o.logger, err = stdio.StartLogger(uri, s.cfg.Namespace, id); err != nil {
			return nil, err
		}
		o.stdout, o.stderr = o.logger.Stdout, o.logger.Stderr
		return o, nil
	case "", "fifo", "file":
	default:
		return nil, errs.New(errs.Unsupported, "stdout %q: neither fifo, file nor binary", n.stdout)
	}
	o.stdout, err = o.open(n.stdout)
	if err == nil && !n.terminal { // a terminal has no stderr: its fifo may be named and not be there
		o.stderr, err = o.open(n.stderr)
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

func (o *outputs) open(name string) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	if path, ok := strings.CutPrefix(name, "file://"); ok {
		return stdio.CreateOutput(path)
	}
	w, hold, err := stdio.OpenOutput(strings.TrimPrefix(name, "fifo://"))
	if hold != nil {
		o.holds = append(o.holds, hold)
	}
	return w, err
}

// input returns the process' end of its standard input and the copier that
// feeds it from the fifo at path: see stdio.OpenInput.
func input(path string, keep bool) (*os.File, *stdio.Input, error) {
	if path == "" {
		return nil, nil, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	in, err := stdio.OpenInput(strings.TrimPrefix(path, "fifo://"), w, keep)
	if err != nil {
		r.Close()
		w.Close()
		return nil, nil, err
	}
	return r, in, nil
}

// namedTerminal joins a terminal with the client's fifos.
func (p *process) namedTerminal(out *outputs) (*stdio.Streams, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hub = stdio.NewHub(nil)
	if out.stdout != nil {
		p.hub.Output(out.stdout)
	}
	if out.stderr != nil {
		out.stderr.Close()
	}
	streams := stdio.Terminal(p.hub)
	if p.names.stdin != "" {
		in, err := stdio.OpenInput(strings.TrimPrefix(p.names.stdin, "fifo://"), keystrokes{p.hub}, p.keepInput)
		if err != nil {
			return nil, err
		}
		p.input = in
		streams.OnDrain(in)
	}
	streams.OnDrain(ending{p.hub, out.holds})
	p.logged = logTo(out.logger, streams)
	return streams, nil
}

// keystrokes writes to a terminal, whose end they are not.
type keystrokes struct{ h *stdio.Hub }

func (k keystrokes) Write(p []byte) (int, error) { return k.h.Write(p) }
func (k keystrokes) Close() error                { return nil }

// ending flushes a terminal's output to its client before the fifo is let go.
type ending struct {
	h     *stdio.Hub
	holds []*os.File
}

// Close implements io.Closer.
func (e ending) Close() error {
	e.waitFlushed()
	for _, f := range e.holds {
		f.Close()
	}
	return nil
}

func (e ending) waitFlushed() {
	select {
	case <-e.h.Close():
	case <-time.After(flushLimit):
	}
}

func duplicate(f *os.File) (*os.File, error) {
	c, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, derr := -1, error(nil)
	if err := c.Control(func(old uintptr) { fd, derr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if derr != nil {
		return nil, os.NewSyscallError("fcntl", derr)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
