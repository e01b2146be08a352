package volume

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// What pouch-vol is run for by programs that have no drivers.
const (
	driveCreate  = "create"
	driveRemove  = "remove"
	driveMount   = "mount"
	driveUnmount = "unmount"

	driveSnapshot = "snapshot" // half made: to remove
)

// patience is how long the end of a container waits for a driver. One that takes
// longer goes on alone.
const patience = 8 * time.Second

// Order is what such a program wants.
type Order struct {
	Verb   string         `json:"verb"` // create, remove, mount, unmount, snapshot
	Volume *record.Volume `json:"volume"`
	Except string         `json:"except,omitempty"` // the container that does not count as a user
}

// Outcome is the answer to an order.
type Outcome struct {
	Kind  errs.Kind `json:"kind,omitempty"`
	Error string    `json:"error,omitempty"`
}

// drive has pouch-vol do what needs a driver, and returns its error with its
// kind. When ctx ends, so does pouch-vol.
func (m *Manager) drive(ctx context.Context, verb string, v *record.Volume, except string) error {
	c, out, err := m.order(verb, v, except)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.Process.Signal(os.Interrupt) }) //nolint:errcheck // it may have ended just now
	defer stop()
	return outcome(c.Wait(), out.Bytes())
}

// driveOn is drive for an end that nobody waits for: it leaves pouch-vol at work when
// that takes long.
func (m *Manager) driveOn(verb string, v *record.Volume, except string) error {
	c, out, err := m.order(verb, v, except)
	if err != nil {
		return err
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	select {
	case err := <-done:
		return outcome(err, out.Bytes())
	case <-time.After(patience):
		return errs.New(errs.Unavailable, "driver %s has not answered for %v; pouch-vol (pid %d) goes on", v.Driver, patience, c.Process.Pid)
	}
}

// order is the command, with what it will say.
func (m *Manager) order(verb string, v *record.Volume, except string) (*exec.Cmd, *bytes.Buffer, error) {
	path, err := libexec.Find("pouch-vol")
	if err != nil {
		return nil, nil, err
	}
	in, err := json.Marshal(Order{verb, v, except})
	if err != nil {
		return nil, nil, err
	}
	out := &bytes.Buffer{}
	c := exec.Command(path, "--root", m.s.Root, "--run-root", m.s.RunRoot, "drive") //nolint:noctx // drive interrupts it, driveOn lets it go on
	c.Stdin, c.Stdout, c.Stderr, c.Dir = bytes.NewReader(in), out, os.Stderr, "/"
	slog.Debug("drive", "verb", verb, "volume", v.Name, "driver", v.Driver)
	return c, out, nil
}

func outcome(err error, out []byte) error {
	var o Outcome
	if jerr := json.Unmarshal(out, &o); jerr == nil && o.Error != "" {
		return errs.New(o.Kind, "%s", o.Error)
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok && killed(e) {
		return errs.New(errs.Unavailable, "pouch-vol was killed at it: the next command goes on")
	}
	if err != nil {
		return fmt.Errorf("pouch-vol: %w", err)
	}
	return nil
}

func killed(e *exec.ExitError) bool {
	ws, ok := e.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && ws.Signal() == unix.SIGKILL
}

// Do carries an order out. It fails with what the verb fails with.
func (m *Manager) Do(ctx context.Context, o Order) error {
	if o.Volume == nil || CheckName(o.Volume.Name) != nil {
		return errs.New(errs.Invalid, "order %q names no volume", o.Verb)
	}
	switch o.Verb {
	case driveCreate:
		_, err := m.createForeign(ctx, o.Volume)
		return err
	case driveRemove:
		_, err := m.remove(ctx, o.Volume.Name, o.Except, false)
		return err
	case driveMount:
		return m.mountLocked(ctx, o.Volume)
	case driveUnmount:
		return m.unmountIdle(ctx, o.Volume, o.Except)
	case driveSnapshot:
		return m.cleanSnapshot(ctx, o.Volume.Name)
	}
	return errs.New(errs.Invalid, "order %q is not known", o.Verb)
}
