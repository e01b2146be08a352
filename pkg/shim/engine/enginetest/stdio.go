package enginetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// stdioExact sends bytes of every value through cat, and shows that stdout and
// stderr are two.
func stdioExact(t *testing.T, f *fixture) {
	data := make([]byte, 1<<20)
	rng := rand.NewChaCha8([32]byte{})
	rng.Read(data) // it cannot fail
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	errR, errW := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdin: inR, Stdout: outW, Stderr: errW}, nil, "sh", "-c", "echo oops >&2; cat"))
	inR.Close()
	outW.Close()
	errW.Close()
	go func() { inW.Write(data); inW.Close() }() // the sum below tells
	got, err := io.ReadAll(outR)
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(data) {
		t.Errorf("%d bytes came back of %d, or others", len(got), len(data))
	}
	if e, err := io.ReadAll(errR); err != nil || string(e) != "oops\n" {
		t.Errorf("stderr %q, %v", e, err)
	}
	if got := waitFor(t, c); got != 0 {
		t.Errorf("exit %d", got)
	}
}

// readMaster reads a terminal until its other side is closed.
func readMaster(t *testing.T, master *os.File) string {
	t.Helper()
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, master); err != nil && !errors.Is(err, unix.EIO) {
		t.Fatalf("read terminal: %v", err)
	}
	return buf.String()
}

func terminal(t *testing.T, f *fixture) {
	var master *os.File
	o := f.opts(t, engine.IO{Terminal: true, OnConsole: func(m *os.File) { master = m }}, func(s *specs.Spec) {
		s.Process.Terminal = true
		s.Process.ConsoleSize = &specs.Box{Width: 100, Height: 30}
	}, "sh", "-c", "stty size; read x; stty size; test -t 0 -a -t 1 -a -t 2 && echo tty:$x")
	c := f.create(t, o)
	if master == nil {
		t.Fatal("OnConsole was not called before Create returned")
	}
	defer master.Close()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := readUntil(t, master, "30 100\r\n")
	if err := c.Resize(81, 26); err != nil {
		t.Fatal(err)
	}
	if _, err := master.WriteString("word\n"); err != nil {
		t.Fatal(err)
	}
	out := first + readMaster(t, master)
	for _, want := range []string{"26 81\r\n", "tty:word\r\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("terminal said %q, want %q in it", out, want)
		}
	}
	if got := waitFor(t, c); got != 0 {
		t.Errorf("exit %d", got)
	}
	if err := c.Resize(80, 25); err != nil {
		t.Errorf("resize after the end: %v", err)
	}
}

func readUntil(t *testing.T, r io.Reader, want string) string {
	t.Helper()
	var got strings.Builder
	buf := make([]byte, 1024)
	for !strings.Contains(got.String(), want) {
		n, err := r.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			t.Fatalf("read %q, want %q: %v", got.String(), want, err)
		}
	}
	return got.String()
}
