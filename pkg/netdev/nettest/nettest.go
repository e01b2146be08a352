// Package nettest runs tests in a network and mount namespace of their own, so
// that the machine's links and packet rules stay untouched whatever happens.
package nettest

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const marker = "POUCH_NETTEST"

// Main runs the tests of a package: it starts the test binary again in new
// namespaces and ends with its exit code. Without root rights the tests run
// where they are and skip by Need.
func Main(m *testing.M) {
	if Inside() {
		if err := exec.Command("ip", "link", "set", "lo", "up").Run(); err != nil {
			panic(err)
		}
	}
	if os.Geteuid() != 0 || Inside() {
		os.Exit(m.Run())
	}
	signal.Ignore(unix.SIGINT, unix.SIGTERM) // the tests' process gets them too and ends first
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), marker+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		Pdeathsig:  unix.SIGKILL,
	}
	runtime.LockOSThread() // Pdeathsig follows the thread
	if err := c.Run(); err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			os.Exit(max(e.ExitCode(), 1))
		}
		panic(err)
	}
	os.Exit(0)
}

// Inside reports whether this process runs in namespaces of its own.
func Inside() bool { return os.Getenv(marker) != "" }

// Need skips the test unless it runs in namespaces of its own.
func Need(t testing.TB) {
	t.Helper()
	if !Inside() {
		t.Skip("needs root")
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
}

// Dir makes a folder with a path short enough for sockets below it, and
// removes it, and all mounts below it, at the end.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "p")
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Run runs a program in the network namespace at path ("" for the own one) and
// returns its output; a failure ends the test.
func Run(t testing.TB, path string, args ...string) string {
	t.Helper()
	out, err := Try(path, args...)
	if err != nil {
		t.Fatalf("%v in %q: %v\n%s", args, path, err, out)
	}
	return out
}

// Try is Run that returns the failure.
func Try(path string, args ...string) (string, error) {
	c := Command(path, args...)
	runtime.LockOSThread() // Pdeathsig follows the thread, which may be one that ends
	defer runtime.UnlockOSThread()
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := c.CombinedOutput()
	return string(out), err
}

// Command prepares a program for the network namespace at path.
func Command(path string, args ...string) *exec.Cmd {
	if path != "" {
		args = append([]string{"nsenter", "--net=" + path, "--"}, args...)
	}
	return exec.Command(args[0], args[1:]...)
}

// NeedProgram skips the test where a program is missing.
func NeedProgram(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("needs %s: %v", name, err)
	}
}
