package stdio

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type buffer struct {
	mu     sync.Mutex
	b      bytes.Buffer
	closed bool
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestCopiedIsCompleteAfterDrain(t *testing.T) {
	out, errOut := &buffer{}, &buffer{}
	s, err := Copied(nil, out, errOut)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("0123456789\n", 50000)
	io.WriteString(s.Stderr, "e")
	io.WriteString(s.Stdout, want)
	s.Started()
	if !s.Drain(time.Minute) {
		t.Error("not complete")
	}
	if out.String() != want || errOut.String() != "e" || !out.closed {
		t.Errorf("%d bytes of %d, stderr %q, closed %v", len(out.String()), len(want), errOut.String(), out.closed)
	}
	s.Close()
}

func TestDrainGivesUpOnAHeldPipe(t *testing.T) {
	out := &buffer{}
	s, err := Copied(nil, out, &buffer{})
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(s.Stdout.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	io.WriteString(s.Stdout, "written")
	s.Started()
	if s.Drain(time.Nanosecond) {
		t.Error("complete although somebody holds the pipe")
	}
	if got := out.String(); got != "written" {
		t.Errorf("%q", got)
	}
}

// gated takes nothing until open is closed.
type gated struct {
	buffer
	open chan struct{}
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.open
	return g.buffer.Write(p)
}

// What the process has written before its end comes, though who takes it is slower
// than Drain is patient.
func TestDrainLosesNothing(t *testing.T) {
	out := &gated{open: make(chan struct{})}
	s, err := Copied(nil, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("0123456789\n", 5000)
	io.WriteString(s.Stdout, want)
	s.Started()
	time.AfterFunc(50*time.Millisecond, func() { close(out.open) }) // long after the limit
	s.Drain(time.Nanosecond)
	if got := out.String(); got != want {
		t.Errorf("%d bytes of %d", len(got), len(want))
	}
	s.Close()
}

func TestInheritCloses(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := Inherit([3]*os.File{nil, w, nil}, false)
	s.Started()
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the pipe is still open: %d %v", n, err)
	}
}

// pty opens a terminal.
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "ptmx"), slave
}

func TestHubServesSeveralClients(t *testing.T) {
	log := &buffer{}
	h := NewHub(log)
	h.Resize(81, 25)
	s := Terminal(h)
	master, slave := pty(t)
	s.Console(master)
	a, err := h.Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Client(func() {})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(a, "typed\n")
	buf := make([]byte, 100)
	if n, _ := slave.Read(buf); string(buf[:n]) != "typed\n" {
		t.Errorf("the process read %q", buf[:n])
	}
	if ws, err := unix.IoctlGetWinsize(int(slave.Fd()), unix.TIOCGWINSZ); err != nil || ws.Col != 81 || ws.Row != 25 {
		t.Errorf("size %+v %v", ws, err)
	}
	io.WriteString(slave, "out\n")
	slave.Close()
	if !s.Drain(time.Minute) {
		t.Error("not complete")
	}
	<-h.Close()
	const want = "typed\r\nout\r\n"
	for name, c := range map[string]*os.File{"a": a, "b": b} {
		if got, _ := io.ReadAll(c); string(got) != want {
			t.Errorf("client %s got %q", name, got)
		}
		c.Close()
	}
	if log.String() != want || !log.closed {
		t.Errorf("log %q", log)
	}
}

func TestInputEndsWithItsWriter(t *testing.T) {
	path := t.TempDir() + "/stdin"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, _ := os.Pipe()
	defer r.Close()
	in, err := OpenInput(path, w, false)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	c, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "hello")
	c.Close()
	if got, _ := io.ReadAll(r); string(got) != "hello" {
		t.Errorf("%q", got)
	}
}

func TestKeptInputOutlivesItsWriters(t *testing.T) {
	path := t.TempDir() + "/stdin"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, _ := os.Pipe()
	defer r.Close()
	in, err := OpenInput(path, w, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"hello ", "again"} {
		c, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, word)
		c.Close()
		got := make([]byte, len(word))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != word {
			t.Errorf("%q %v", got, err)
		}
	}
	in.CloseSoon()
	if got, err := io.ReadAll(r); err != nil || len(got) != 0 {
		t.Errorf("%q %v", got, err)
	}
}

func TestCloseSoonDeliversWhatWasSent(t *testing.T) {
	path := t.TempDir() + "/stdin"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, _ := os.Pipe()
	defer r.Close()
	in, err := OpenInput(path, w, false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := os.OpenFile(path, os.O_WRONLY, 0) // stays open
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "hello")
	in.CloseSoon()
	if got, _ := io.ReadAll(r); string(got) != "hello" {
		t.Errorf("%q", got)
	}
}

func TestOutputFifoEndsWhenNothingHoldsIt(t *testing.T) {
	path := t.TempDir() + "/stdout"
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	w, hold, err := OpenOutput(path)
	if err != nil {
		t.Fatal(err)
	}
	s := Direct(nil, w, nil, hold)
	r, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	io.WriteString(s.Stdout, "text")
	s.Started()
	s.Drain(time.Minute)
	if got, _ := io.ReadAll(r); string(got) != "text" {
		t.Errorf("%q", got)
	}
}

// What is typed before the process is there waits for it.
func TestHubKeepsWhatIsTypedEarly(t *testing.T) {
	h := NewHub(nil)
	c, err := h.Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "early\n")
	s := Terminal(h)
	master, slave := pty(t)
	s.Console(master)
	buf := make([]byte, 100)
	if n, _ := slave.Read(buf); string(buf[:n]) != "early\n" {
		t.Errorf("the process read %q", buf[:n])
	}
	slave.Close()
	s.Drain(time.Minute)
	<-h.Close()

	none := NewHub(nil) // no process ever comes
	c, err = none.Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-none.Close()
	if _, err := c.Read(buf); err != io.EOF {
		t.Errorf("%v: want the end", err)
	}
}
