package stdio

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// clients are ends of different kinds that a command may give.
func clients(t *testing.T) map[string][2]*os.File {
	t.Helper()
	pr, pw := blockingPipe(t)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][2]*os.File{
		"pipe":   {pr, pw},
		"socket": {os.NewFile(uintptr(fds[0]), "s"), os.NewFile(uintptr(fds[1]), "s")},
	}
}

func blockingPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	p := make([]int, 2)
	if err := unix.Pipe2(p, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
}

// A client that takes nothing is cut off and told; others get every byte, and
// nothing of it stays behind.
func TestStalledClientIsCutOffAndOthersAreNot(t *testing.T) {
	for name, ends := range clients(t) {
		var b Broadcast
		w, err := Unblocked(ends[1])
		if err != nil {
			t.Fatal(err)
		}
		cut := make(chan struct{})
		b.Add(w, func() { close(cut) })
		fast := &buffer{}
		b.Add(fast, nil)
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		const n = 64
		for range n {
			b.Write(chunk)
		}
		select {
		case <-cut:
		case <-time.After(time.Minute):
			t.Errorf("%s: not cut off", name)
		}
		select {
		case <-b.Close():
		case <-time.After(time.Minute):
			t.Fatalf("%s: the end is not told", name)
		}
		if len(fast.String()) != n*len(chunk) {
			t.Errorf("%s: the other client got %d bytes of %d", name, len(fast.String()), n*len(chunk))
		}
		// The reader sees the end: nobody holds the client's descriptor.
		done := make(chan struct{})
		go func() {
			io.Copy(io.Discard, ends[0])
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Errorf("%s: still open", name)
		}
		ends[0].Close()
	}
}

// At the end, too, nobody waits long for a client that takes nothing.
func TestStalledClientIsCutOffAtTheEnd(t *testing.T) {
	for name, ends := range clients(t) {
		var b Broadcast
		w, err := Unblocked(ends[1])
		if err != nil {
			t.Fatal(err)
		}
		cut := make(chan struct{})
		b.Add(w, func() { close(cut) })
		b.Write(make([]byte, queueLimit))
		select {
		case <-b.Close():
		case <-time.After(2*clientPatience + time.Minute):
			t.Errorf("%s: still waited for", name)
		}
		select {
		case <-cut:
		case <-time.After(time.Minute):
			t.Errorf("%s: not told", name)
		}
		ends[0].Close()
	}
}

// A client that is slow, and takes something all the time, gets every byte.
func TestSlowClientGetsEverything(t *testing.T) {
	for name, ends := range clients(t) {
		b := Broadcast{patience: time.Hour} // a busy machine may let the client take nothing for long
		w, err := Unblocked(ends[1])
		if err != nil {
			t.Fatal(err)
		}
		b.Add(w, func() { t.Errorf("%s: cut off", name) })
		data := make([]byte, 8<<20)
		rand.New(rand.NewSource(1)).Read(data)
		got := make(chan [32]byte)
		go func() {
			h, buf := sha256.New(), make([]byte, 50_000)
			for {
				n, err := ends[0].Read(buf)
				h.Write(buf[:n])
				if err != nil {
					got <- [32]byte(h.Sum(nil))
					return
				}
				time.Sleep(100 * time.Microsecond)
			}
		}()
		for p := data; len(p) > 0; {
			k := min(len(p), 1+rand.Intn(100_000))
			b.Write(p[:k])
			p = p[k:]
		}
		<-b.Close()
		if <-got != sha256.Sum256(data) {
			t.Errorf("%s: not the same bytes", name)
		}
		ends[0].Close()
	}
}

func TestClientThatLeavesDoesNotHoldTheStream(t *testing.T) {
	var b Broadcast
	r, w := blockingPipe(t)
	defer r.Close()
	leave := b.Add(w, nil)
	wrote := make(chan struct{})
	go func() {
		b.Write(make([]byte, 3<<20))
		close(wrote)
	}()
	select {
	case <-wrote:
		t.Error("a client that must get every byte did not hold the stream")
	case <-time.After(50 * time.Millisecond):
	}
	leave()
	go io.Copy(io.Discard, r)
	select {
	case <-wrote:
	case <-time.After(time.Minute):
		t.Error("still held")
	}
}

func TestUnblockedLeavesTheOpenFileAlone(t *testing.T) {
	for name, ends := range clients(t) {
		fd, err := unix.Dup(int(ends[1].Fd()))
		if err != nil {
			t.Fatal(err)
		}
		w, err := Unblocked(ends[1])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "hello")
		buf := make([]byte, 10)
		if n, _ := ends[0].Read(buf); string(buf[:n]) != "hello" {
			t.Errorf("%s: %q", name, buf[:n])
		}
		if fl, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); fl&unix.O_NONBLOCK != 0 {
			t.Errorf("%s: the other's descriptor does not block any more", name)
		}
		w.Close()
		unix.Close(fd)
		ends[0].Close()
	}
}
