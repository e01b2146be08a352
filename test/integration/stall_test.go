//go:build integration

package integration

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/test/harness"
)

// stallSize is how many bytes go through a container whose reader stalls:
// $POUCH_TEST_STALL, such as 1g, or 128 MiB.
func stallSize(t *testing.T) int64 {
	t.Helper()
	s := os.Getenv("POUCH_TEST_STALL")
	if s == "" {
		s = "128m"
	}
	n, err := units.RAMInBytes(s)
	if err != nil || n < sourceSize {
		t.Fatalf("POUCH_TEST_STALL=%s: want at least %d bytes", s, sourceSize)
	}
	return n / sourceSize * sourceSize
}

const (
	sourceSize = 16 << 20
	lineSize   = 1 << 10
)

// source writes a file of text that no byte of may get lost unseen, for the
// container to write out several times, and returns its folder.
func source(t *testing.T) (dir string, data []byte) {
	t.Helper()
	dir = t.TempDir()
	raw := make([]byte, lineSize)
	for len(data) < sourceSize {
		rand.Read(raw)
		data = append(data, base64.StdEncoding.EncodeToString(raw)[:lineSize-1]...)
		data = append(data, '\n')
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, data
}

func sumOf(data []byte, times int64) [32]byte {
	h := sha256.New()
	for range times {
		h.Write(data)
	}
	return [32]byte(h.Sum(nil))
}

// highWater is the most memory that a process has had, in bytes (proc(5), VmHWM).
func highWater(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatalf("process %d has no VmHWM", pid)
	return 0
}

// mostMemory bounds a supervisor or a command, code and all, whatever goes through.
const mostMemory = 80 << 20

// stalling reads r to its end and hashes it. It stalls at the beginning and in the
// middle; before what is left at the end it calls look.
func stalling(t *testing.T, r io.Reader, size int64, look func()) [32]byte {
	t.Helper()
	h, buf, got := sha256.New(), make([]byte, 128<<10), int64(0)
	pauses := []int64{1, size / 2}
	looked := false
	for {
		n, err := r.Read(buf)
		h.Write(buf[:n])
		got += int64(n)
		for len(pauses) > 0 && got >= pauses[0] {
			time.Sleep(1500 * time.Millisecond) // the stall itself: nothing is awaited
			pauses = pauses[1:]
		}
		if !looked && got >= size-(1<<20) {
			looked = true
			look()
		}
		if err != nil {
			break
		}
	}
	if got != size || !looked {
		t.Errorf("%d bytes of %d came", got, size)
	}
	return sum(h)
}

func sum(h hash.Hash) [32]byte { return [32]byte(h.Sum(nil)) }

// What goes through a container whose reader stalls is complete, and neither the
// command nor the supervisor keeps it in memory.
func TestReaderStalls(t *testing.T) {
	size := stallSize(t)
	times := size / sourceSize
	for name, flags := range map[string][]string{
		"direct":     nil,
		"log beside": {"--log-driver", "json-file", "--log-opt", "max-size=-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			dir, data := source(t)
			args := append([]string{"--name", "st", "--network", "none", "-v", dir + ":/d:ro"}, flags...)
			c := s.Cmd("pouch-run", append(args, s.Image, "sh", "-c", write(times))...)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			want := sumOf(data, times)
			got := stalling(t, out, size, func() { memoryIsFlat(t, s, c) })
			if err := c.Wait(); err != nil || got != want {
				t.Errorf("%v, the same bytes: %v", err, got == want)
			}
			if flags != nil {
				if got := logged(t, s); got != want {
					t.Error("the log has other bytes")
				}
			}
		})
	}
}

func write(times int64) string {
	return fmt.Sprintf("i=0; while [ $i -lt %d ]; do cat /d/data; i=$((i+1)); done", times)
}

func memoryIsFlat(t *testing.T, s *harness.Suite, c *exec.Cmd) {
	t.Helper()
	id := s.Must(t, "pouch-run", "inspect", "-f", "{{.Id}}", "st")
	for _, pid := range append(supervisorOf(s, id), c.Process.Pid) {
		m := highWater(t, pid)
		t.Logf("process %d has had %d MiB of memory", pid, m>>20)
		if m > mostMemory {
			t.Errorf("that is more than %d MiB", mostMemory>>20)
		}
	}
}

func logged(t *testing.T, s *harness.Suite) [32]byte {
	t.Helper()
	h := sha256.New()
	c := s.Cmd("pouch-run", "logs", "st")
	c.Stdout = h
	if err := c.Run(); err != nil {
		t.Error(err)
	}
	return sum(h)
}

// A container in the background is not held up by who follows its log and stalls;
// that one gets everything that the log keeps.
func TestFollowerStalls(t *testing.T) {
	s := start(t)
	size := stallSize(t)
	times := size / sourceSize
	dir, data := source(t)
	id := s.Must(t, "pouch-run", "-d", "--name", "st", "--network", "none", "-v", dir+":/d:ro", "--log-opt", "max-size=-1",
		s.Image, "sh", "-c", "until [ -e /go ]; do sleep 0.05; done; "+write(times)+"; until [ -e /end ]; do sleep 0.05; done")
	c := s.Cmd("pouch-run", "logs", "-f", "st")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s.Must(t, "pouch-run", "exec", "st", "touch", "/go")
	got := stalling(t, out, size, func() {
		memoryIsFlat(t, s, c)
		s.Must(t, "pouch-run", "exec", "st", "touch", "/end")
	})
	if err := c.Wait(); err != nil || got != sumOf(data, times) {
		t.Errorf("%v, the same bytes: %v", err, got == sumOf(data, times))
	}
	if len(supervisorOf(s, id)) > 1 {
		t.Error("several supervisors")
	}
}

// pieceSize is less than a client may be behind before it is cut off.
const pieceSize = 256 << 10

// Clients that are attached and never read do not stop the container, cost little,
// and are told that they were cut off; another one gets every byte. That one asks for
// every piece, so however slow the machine is, it is never cut off itself.
func TestAttachedClientsStall(t *testing.T) {
	s := start(t)
	const stalled = 10
	dir, data := source(t)
	s.Must(t, "pouch-run", "-d", "-i", "--name", "st", "--network", "none", "-v", dir+":/d:ro", "--log-driver", "none",
		s.Image, "sh", "-c", "until read -t 1 x; do echo ready; done; echo begin; "+
			fmt.Sprintf("i=0; while [ $i -lt %d ] && read x; do dd if=/d/data bs=%d skip=$i count=1 2>/dev/null; i=$((i+1)); done", sourceSize/pieceSize, pieceSize))
	attach := func(stdin io.Reader) (*exec.Cmd, *bufio.Reader, *bytes.Buffer) {
		c := s.Cmd("pouch-run", "attach", "st")
		c.Stdin = stdin
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		words := &bytes.Buffer{}
		c.Stderr = words
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReaderSize(out, 16)
		if line, err := r.ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		return c, r, words
	}
	var lazy []*exec.Cmd
	var words []*bytes.Buffer
	for range stalled {
		c, _, w := attach(nil)
		lazy, words = append(lazy, c), append(words, w)
	}
	typed, typing := io.Pipe()
	c, out, _ := attach(typed)
	fmt.Fprintln(typing, "go")
	for line := ""; line != "begin\n"; {
		var err error
		if line, err = out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, sourceSize)
	for at := 0; at < sourceSize; at += pieceSize {
		if at+pieceSize == sourceSize {
			memoryIsFlat(t, s, c)
		}
		fmt.Fprintln(typing, "more")
		if _, err := io.ReadFull(out, got[at:at+pieceSize]); err != nil {
			t.Fatalf("at %d bytes: %v", at, err)
		}
	}
	typing.Close()
	if err := c.Wait(); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the client that reads: %v, the same bytes: %v", err, bytes.Equal(got, data))
	}
	for i, c := range lazy {
		err := c.Wait()
		if c.ProcessState.ExitCode() != 1 || !strings.Contains(words[i].String(), "cut off") {
			t.Errorf("a client that stalls: %v, %q", err, words[i])
		}
	}
}
