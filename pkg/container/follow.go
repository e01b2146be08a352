package container

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// errLost is what a client learns of a supervisor that was killed.
var errLost = errs.New(errs.Internal, "the supervisor (pouch-shim) was killed, and its container with it")

// Lost reports whether err says that a supervisor was killed, and the process with
// it.
func Lost(err error) bool { return errors.Is(err, errLost) }

// IO is a caller's standard streams.
type IO struct {
	Stdin, Stdout, Stderr *os.File

	// Preserve returns the caller's further descriptors for a container that asks
	// for so many, and more when there are more to hand over. Nil: there are none.
	Preserve func(asked int) (Preserved, error)

	// DetachKeys, typed on the terminal, leave the process to itself; none: nothing
	// does.
	DetachKeys []byte

	partial  bool // a part of the output is not attached
	outlived bool // the process goes on when the caller's command has ended
}

// Files are the streams in the order of their descriptors.
func (s IO) Files() []*os.File { return []*os.File{s.Stdin, s.Stdout, s.Stderr} }

// FollowOpts says how Follow connects the caller with the process.
type FollowOpts struct {
	IO       IO
	Stream   *os.File // the terminal, when the supervisor sent it before
	Stdin    bool     // what is typed goes to the process' terminal
	SigProxy bool     // signals that this program gets go to the process

	heard     ear               // signals since before the process was started; nil: none were kept
	relay     *relay            // of what goes to the caller's terminal
	unit      *unit             // of this command; nil: none
	container *record.Container // with unit
}

// Follow stays with the process that conn was opened for until it ends, and
// returns its exit code. Its own terminal, when the supervisor made one, is
// joined with the caller's: raw mode, window size, keys to leave (then the exit
// code is 0). With SigProxy a signal that cancelled ctx before goes to
// the process, too, and one that does so later does not end Follow; ctx's end for
// another reason, or any without SigProxy, leaves the process to itself. The
// error is what the supervisor tells, with its kind, or errUnwritten beside the
// process' code. Follow closes conn.
func Follow(ctx context.Context, conn *ctl.Conn, o FollowOpts) (int, error) {
	f := &follower{conn: conn, o: o}
	defer conn.Close()
	defer f.signals(ctx)()
	defer context.AfterFunc(ctx, func() { f.cancelled(ctx) })()
	if o.Stream != nil {
		f.join(o.Stream)
	}
	code, err := f.loop()
	o.relay.finish()
	f.restore()
	switch {
	case f.detached.Load():
		return 0, nil
	case err != nil && f.left.Load():
		return 0, ctx.Err()
	case errors.Is(err, io.EOF):
		return 0, errLost
	case err == nil:
		err = f.unwritten()
	}
	return code, err
}

// loop takes the supervisor's messages until the last.
func (f *follower) loop() (int, error) {
	for {
		msg, files, err := f.conn.Recv()
		if err != nil {
			return 0, err
		}
		f.conn.SetDeadline(time.Time{})
		if msg.Op == ctl.Stream && len(files) == 1 && f.stream == nil {
			f.join(files[0])
			continue
		}
		closeFiles(files)
		switch msg.Op {
		case ctl.Notify:
			f.o.unit.notify(msg.Message)
		case ctl.Exited:
			f.drain()
			return msg.ExitCode, nil
		case ctl.Error:
			f.drain()
			return 0, told(msg)
		}
	}
}

// cancelled acts on the end of ctx.
func (f *follower) cancelled(ctx context.Context) {
	if s, ok := signalOf(ctx); ok && f.o.SigProxy {
		delivered()
		f.missed <- s
		return
	}
	f.left.Store(true)
	f.conn.Send(&ctl.Message{Op: ctl.Detach}) //nolint:errcheck // it may have ended already
	f.conn.Close()
}

// signalOf returns the signal that cancelled ctx, if one did.
func signalOf(ctx context.Context) (syscall.Signal, bool) {
	s, ok := errors.AsType[interface {
		error
		Caught() syscall.Signal
	}](context.Cause(ctx))
	if !ok {
		return 0, false
	}
	return s.Caught(), true
}
