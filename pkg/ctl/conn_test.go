package ctl

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func pair(t *testing.T) (a, b *Conn) {
	t.Helper()
	f, g, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	if a, err = FromFile(f); err == nil {
		b, err = FromFile(g)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

// TestMessages: of every size that fits, in order, with their files.
func TestMessages(t *testing.T) {
	a, b := pair(t)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	sizes := []int{0, 1, 4096, 100 << 10, maxPacket - 100}
	sent := make(chan error, 1)
	go func() {
		for i, n := range sizes {
			if err := a.Send(&Message{Op: Exec, Message: strings.Repeat("x", n)}, []*os.File{null, null, null}[:i%4%3]...); err != nil {
				sent <- err
				return
			}
		}
		sent <- a.Close()
	}()
	for i, n := range sizes {
		m, files, err := b.Recv()
		if err != nil || m.Op != Exec || len(m.Message) != n || len(files) != i%4%3 {
			t.Fatalf("%d bytes: %+v, %d files, %v", n, m.Op, len(files), err)
		}
		for _, f := range files {
			if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("a file that came is left to children: %v", err)
			}
		}
		closeAll(files)
	}
	if _, _, err := b.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if err := b.Send(&Message{Message: strings.Repeat("x", maxPacket)}); err == nil {
		t.Error("a message over the limit was sent")
	}
}

// TestLastWords: what a peer has sent arrives, also from one that goes without having
// read what was sent to it, for which the kernel tells a reset first (unix(7)).
func TestLastWords(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, waits := range []bool{false, true} {
		a, b := pair(t)
		for range 2 {
			if err := a.Send(&Message{Op: Started}); err != nil {
				t.Fatal(err)
			}
		}
		var m *Message
		var files []*os.File
		got := make(chan error, 1)
		recv := func() { m, files, err = a.Recv(); got <- err }
		if waits {
			go recv()
		}
		if err := errors.Join(b.Send(&Message{Op: Detach}, null), b.Send(&Message{Op: Ping}), b.Close()); err != nil {
			t.Fatal(err)
		}
		if !waits {
			go recv()
		}
		if err := <-got; err != nil || m.Op != Detach || len(files) != 1 {
			t.Fatalf("waits %v: %+v, %d files, %v", waits, m, len(files), err)
		}
		closeAll(files)
		if m, _, err := a.Recv(); err != nil || m.Op != Ping {
			t.Fatalf("waits %v: %+v, %v", waits, m, err)
		}
		if m, _, err := a.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("waits %v: %+v, %v", waits, m, err)
		}
	}
}

// TestBounds: what is no message, or too large for one, is an error; a deadline
// and a close end the waiting.
func TestBounds(t *testing.T) {
	a, b := pair(t)
	for _, bad := range []string{"{", strings.Repeat(" ", maxPacket+1)} {
		if _, err := a.c.Write([]byte(bad)); err != nil {
			t.Skip(err) // the kernel takes no packet so large
		}
		if _, _, err := b.Recv(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%.5q: %v", bad, err)
		}
	}
	_, b = pair(t)
	b.SetDeadline(time.Now().Add(10 * time.Millisecond))
	if _, _, err := b.Recv(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	b.SetDeadline(time.Time{})
	time.AfterFunc(10*time.Millisecond, func() { b.Close() })
	if _, _, err := b.Recv(); err == nil {
		t.Error("a closed connection gives messages")
	}
}

// TestSockets: a listener's connection, by its path.
func TestSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	u, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	s := New(u)
	defer s.Close()
	if err := c.Send(&Message{Op: Wait}); err != nil {
		t.Fatal(err)
	}
	if m, _, err := s.Recv(); err != nil || m.Op != Wait {
		t.Errorf("%+v, %v", m, err)
	}
}
