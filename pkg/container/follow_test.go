package container

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// pair returns both ends of a connection.
func pair(t *testing.T) (client, supervisor *ctl.Conn) {
	t.Helper()
	a, b, err := ctl.Pair()
	if err != nil {
		t.Fatal(err)
	}
	if client, err = ctl.FromFile(a); err != nil {
		t.Fatal(err)
	}
	if supervisor, err = ctl.FromFile(b); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); supervisor.Close() })
	return client, supervisor
}

type result struct {
	code int
	err  error
}

func following(ctx context.Context, conn *ctl.Conn, o FollowOpts) <-chan result {
	ch := make(chan result, 1)
	go func() {
		code, err := Follow(ctx, conn, o)
		ch <- result{code, err}
	}()
	return ch
}

func TestFollowEnds(t *testing.T) {
	for name, c := range map[string]struct {
		msg  *ctl.Message
		code int
		kind errs.Kind
	}{
		"exit":  {&ctl.Message{Op: ctl.Exited, ExitCode: 3}, 3, ""},
		"error": {&ctl.Message{Op: ctl.Error, Kind: string(errs.NoCommand), Message: "no such"}, 0, errs.NoCommand},
		"lost":  {nil, 0, errs.Internal},
	} {
		client, sup := pair(t)
		end := following(t.Context(), client, FollowOpts{})
		sup.Send(&ctl.Message{Op: ctl.Started, Pid: 1})
		if c.msg != nil {
			sup.Send(c.msg)
		}
		sup.Close()
		r := <-end
		if r.code != c.code || (r.err != nil) != (c.kind != "") || c.kind != "" && !errs.Is(r.err, c.kind) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestFollowForwardsSignals(t *testing.T) {
	client, sup := pair(t)
	// Begun with a signal that came before: it must not be lost.
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(caught(unix.SIGTERM))
	end := following(ctx, client, FollowOpts{SigProxy: true})
	want := func(s unix.Signal) {
		t.Helper()
		if m, _, err := sup.Recv(); err != nil || m.Op != ctl.Signal || m.Signal != int(s) {
			t.Fatalf("%+v, %v: want signal %v", m, err, s)
		}
	}
	want(unix.SIGTERM)
	for _, s := range []unix.Signal{unix.SIGUSR1, unix.SIGHUP, unix.SIGUSR2} {
		unix.Kill(os.Getpid(), s)
		want(s)
	}
	for range 3 { // ctrl-C, ctrl-C, ctrl-C
		unix.Kill(os.Getpid(), unix.SIGINT)
		m, _, err := sup.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if unix.Signal(m.Signal) == unix.SIGKILL {
			break
		}
	}
	sup.Send(&ctl.Message{Op: ctl.Exited, ExitCode: 137})
	if r := <-end; r.code != 137 || r.err != nil {
		t.Errorf("%+v", r)
	}
}

// caught is what cancels the context of a command that gets a signal.
type caught syscall.Signal

func (caught) Error() string            { return "signal" }
func (s caught) Caught() syscall.Signal { return syscall.Signal(s) }

// A signal that the command got before it listened for the process, and that
// cancels the context only later, is not lost; one that came both ways is sent once.
func TestFollowForwardsALateSignal(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), unix.SIGUSR1) // else it ends the test
	command := make(chan os.Signal, 1)                   // what cancels the context in a command
	signal.Notify(command, unix.SIGHUP)
	defer signal.Stop(command)
	for _, both := range []bool{false, true} {
		client, sup := pair(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		end := following(ctx, client, FollowOpts{SigProxy: true})
		got := make(chan unix.Signal, 1000)
		go func() {
			for {
				m, _, err := sup.Recv()
				if err != nil {
					return
				}
				got <- unix.Signal(m.Signal)
			}
		}()
		for listens := false; !listens; { // until it listens
			unix.Kill(os.Getpid(), unix.SIGUSR1)
			select {
			case <-got:
				listens = true
			case <-time.After(10 * time.Millisecond):
			}
		}
		if both {
			unix.Kill(os.Getpid(), unix.SIGHUP)
			<-command
		}
		cancel(caught(unix.SIGHUP))
		if !comes(got, unix.SIGHUP, time.Minute) {
			t.Errorf("came both ways %v: not sent", both)
		}
		if comes(got, unix.SIGHUP, 200*time.Millisecond) {
			t.Errorf("came both ways %v: sent twice", both)
		}
		sup.Send(&ctl.Message{Op: ctl.Exited, ExitCode: 143})
		if r := <-end; r.code != 143 || r.err != nil {
			t.Errorf("%+v", r)
		}
	}
}

// comes reports whether a signal comes within a time, whatever others do.
func comes(got <-chan unix.Signal, want unix.Signal, within time.Duration) bool {
	for late := time.After(within); ; {
		select {
		case s := <-got:
			if s == want {
				return true
			}
		case <-late:
			return false
		}
	}
}

func TestFollowLeavesWithoutSigProxy(t *testing.T) {
	client, sup := pair(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	end := following(ctx, client, FollowOpts{})
	cancel(caught(unix.SIGTERM))
	if m, _, err := sup.Recv(); err != nil || m.Op != ctl.Detach {
		t.Errorf("%+v, %v: want detach", m, err)
	}
	if r := <-end; !errors.Is(r.err, context.Canceled) {
		t.Errorf("%+v", r)
	}
}

// stream returns the two ends of a terminal's byte stream.
func stream(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func TestFollowTerminal(t *testing.T) {
	client, sup := pair(t)
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	ours, theirs := stream(t)
	end := following(t.Context(), client, FollowOpts{IO: IO{Stdin: inR, Stdout: outW}, Stdin: true})
	sup.Send(&ctl.Message{Op: ctl.Stream}, theirs)
	theirs.Close()

	inW.WriteString("ab\ncd")
	inW.Close()
	typed := make([]byte, 7) // what was typed; then the end twice, for the last line is unfinished
	if _, err := io.ReadFull(ours, typed); err != nil || string(typed) != "ab\ncd\x04\x04" {
		t.Errorf("typed %q, %v", typed, err)
	}
	ours.Write([]byte("out"))
	sup.Send(&ctl.Message{Op: ctl.Exited, ExitCode: 5})
	ours.Write([]byte("put")) // after the exit was told, still to be shown
	ours.Close()
	if r := <-end; r.code != 5 || r.err != nil {
		t.Errorf("%+v", r)
	}
	outW.Close()
	if got, err := io.ReadAll(outR); err != nil || string(got) != "output" {
		t.Errorf("shown %q, %v", got, err)
	}
}

// What the terminal shows cannot be written: the process goes on all the same, and
// the command tells it at the end, without hiding the process' code.
func TestFollowWithoutRoomForOutput(t *testing.T) {
	for _, code := range []int{0, 3} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		defer full.Close()
		client, sup := pair(t)
		ours, theirs := stream(t)
		end := following(t.Context(), client, FollowOpts{IO: IO{Stdout: full}, Stream: ours})
		if _, err := theirs.Write(make([]byte, 4<<20)); err != nil { // more than any buffer between
			t.Fatal(err)
		}
		theirs.Close()
		sup.Send(&ctl.Message{Op: ctl.Exited, ExitCode: code})
		if r := <-end; r.code != code || !errors.Is(r.err, unix.ENOSPC) {
			t.Errorf("code %d: %+v", code, r)
		}
	}
}
