//go:build integration

package integration

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

func TestPortInUse(t *testing.T) {
	s := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	r := s.Pouch("pouch-run", "--rm", "-p", "127.0.0.1:"+port+":80", s.Image, "true")
	r.OneLine(t, 125, port, "in use", "pid "+strconv.Itoa(os.Getpid()))
}

func TestUnknownImage(t *testing.T) {
	s := start(t)
	s.Pouch("pouch-run", "--rm", "--pull", "never", "nosuch:1", "true").OneLine(t, 125, "nosuch:1")
	// Nobody listens on port 1.
	r := s.Pouch("pouch-run", "--rm", "127.0.0.1:1/nosuch:1", "true")
	if r.Code != 125 || !strings.Contains(r.Stderr, "127.0.0.1:1") {
		t.Errorf("%v", r)
	}
}

func TestBrokenReference(t *testing.T) {
	s := start(t)
	for _, ref := range []string{"UPPER", "a//b", "x:", "-", "a@sha256:12", "../x", strings.Repeat("a", 300)} {
		r := s.Pouch("pouch-run", "run", "--rm", "--", ref, "true")
		r.OneLine(t, 125)
	}
}

func TestUnsuitableVolumes(t *testing.T) {
	s := start(t)
	s.Pouch("pouch-run", "--rm", "--mount", "type=bind,source=/nosuch/dir,target=/x", s.Image, "true").OneLine(t, 125, "/nosuch/dir")
	s.Pouch("pouch-run", "--rm", "-v", "a:b:c:d", s.Image, "true").OneLine(t, 125)

	s.Must(t, "pouch-vol", "create", "broken")
	path := filepath.Join(s.Root, "volumes", "broken", "volume.json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, good[:len(good)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	s.Pouch("pouch-run", "--rm", "-v", "broken:/x", s.Image, "true").OneLine(t, 125, "broken")
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Must(t, "pouch-run", "--rm", "-v", "broken:/x", s.Image, "true")
}

func TestWithoutRootRights(t *testing.T) {
	s := start(t)
	as := func(name string, args ...string) harness.Result {
		c := s.Cmd("setpriv", append([]string{"--reuid=65534", "--regid=65534", "--clear-groups", filepath.Join(copyBin(t, s), name)}, args...)...)
		return harness.Do(c)
	}
	as("pouch-run", "--rm", s.Image, "true").OneLine(t, 125, "run as root")
	as("pouch-net", "ls").OneLine(t, 1, "run as root")
}

// copyBin puts the programs where every user may run them.
func copyBin(t *testing.T, s *harness.Suite) string {
	t.Helper()
	dir, err := s.Scratch("bin")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if out, err := exec.Command("cp", filepath.Join(s.Bin, "pouch-run"), filepath.Join(s.Bin, "pouch-net"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// On a full disk a run fails with one line and leaves nothing; with room again
// it works.
func TestFullDisk(t *testing.T) {
	s := start(t)
	dir, err := s.Scratch("full")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	root := filepath.Join(dir, "l")
	if err := os.Mkdir(root, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "mode=755,size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Supervisors have their last files open for a moment longer.
		await(t, time.Minute, "a disk that nobody uses", func() bool { return syscall.Unmount(root, 0) == nil })
	})
	run := func() harness.Result {
		c := s.Cmd("pouch-run", "--root", root, "--run-root", filepath.Join(dir, "r"), "--address", filepath.Join(s.RunRoot, "containerd", "containerd.sock"),
			"run", "--rm", "--network", "none", s.Image, "true")
		return harness.Do(c)
	}
	if r := run(); r.Code != 0 {
		t.Fatalf("with room: %v", r)
	}
	await(t, time.Minute, "an empty store", func() bool { return empty(t, filepath.Join(root, "containers")) })
	fill(t, filepath.Join(root, "ballast"))
	run().OneLine(t, 125, "no space left")
	await(t, time.Minute, "nothing left of the failed run", func() bool {
		return empty(t, filepath.Join(root, "containers")) && empty(t, filepath.Join(root, "names"))
	})
	if err := os.Remove(filepath.Join(root, "ballast")); err != nil {
		t.Fatal(err)
	}
	if r := run(); r.Code != 0 {
		t.Errorf("with room again: %v", r)
	}
	await(t, time.Minute, "an empty store", func() bool { return empty(t, filepath.Join(root, "containers")) })
}

func empty(t *testing.T, dir string) bool {
	t.Helper()
	left, err := os.ReadDir(dir)
	return err == nil && len(left) == 0
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, n))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("fill the disk: %v", err)
	}
}

// A broken record is named, hurts no other container, and can be removed.
func TestTruncatedRecords(t *testing.T) {
	for _, file := range []string{"state.json", "config.json"} {
		for _, size := range []int64{0, 20} {
			t.Run(file+"/"+strconv.FormatInt(size, 10), func(t *testing.T) { truncated(t, file, size) })
		}
	}
}

func truncated(t *testing.T, file string, size int64) {
	s := start(t)
	id := s.Must(t, "pouch-run", "create", "--name", "bad", "--network", "none", s.Image, "true")
	s.Must(t, "pouch-run", "create", "--name", "good", "--network", "none", s.Image, "true")
	path := filepath.Join(s.Root, "containers", id, file)
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	r := s.Pouch("pouch-run", "ps", "-a", "--format", "{{.Names}}")
	if !strings.Contains(r.Stdout, "good") || strings.Contains(r.Stderr, "panic") || r.Code < 0 {
		t.Errorf("ps -a: %v", r)
	}
	if !strings.Contains(r.Stderr+r.Stdout, id[:12]) && !strings.Contains(r.Stdout, "bad") {
		t.Errorf("ps -a does not name the broken container: %v", r)
	}
	s.Must(t, "pouch-run", "--rm", "--network", "none", s.Image, "true")
	if r := s.Pouch("pouch-run", "start", "bad"); r.Code == 0 && file == "config.json" {
		t.Errorf("start of a container without a record: %v", r)
	}
	if r := s.Pouch("pouch-run", "rm", "-f", "bad"); r.Code != 0 {
		t.Errorf("rm -f: %v", r)
	}
	s.Must(t, "pouch-run", "rm", "good")
	// Its name is free again.
	s.Must(t, "pouch-run", "--rm", "--name", "bad", "--network", "none", s.Image, "true")
}

// An engine that accepts and never answers, or is not there, gives an error.
func TestEngineDoesNotAnswer(t *testing.T) {
	s := start(t)
	dir, err := s.Scratch("mute")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	mute := filepath.Join(dir, "mute.sock")
	l, err := net.Listen("unix", mute)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	}()
	for _, address := range []string{mute, filepath.Join(dir, "nobody.sock")} {
		r := s.Pouch("pouch-run", "--address", address, "run", "--rm", "--network", "none", s.Image, "true")
		r.OneLine(t, 125, address)
	}
}
