// Package harness is what Pouch's end-to-end tests share: a network of their
// own, a private engine in a temporary folder, commands with their exit codes,
// and a census that finds whatever a test has left behind.
package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// insideEnv is set for the process that runs in the namespaces of isolate: to
// the folder of its suite.
const insideEnv = "POUCH_TEST_INSIDE"

// isolate runs this test binary again in a network and a mount namespace of its
// own, so that the machine's links, rules and mounts are never touched and go
// with the last process (network_namespaces(7), mount_namespaces(7)). However
// that run ends, what it has left is swept. It returns the run's exit code.
func isolate() (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("/tmp", "pt*-")
	if err != nil {
		return 1, err
	}
	c := exec.Command(self, os.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), insideEnv+"="+dir)
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	runtime.LockOSThread() // Pdeathsig follows the thread
	if err := c.Start(); err != nil {
		return 1, errors.Join(err, os.Remove(dir))
	}
	done := interrupts(func() { c.Process.Kill() }) // it may have ended
	err = c.Wait()
	done()
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code, err = max(e.ExitCode(), 1), nil
	}
	return code, errors.Join(err, sweep(dir))
}

// settle finishes the new namespaces: no mount goes back to the machine, the
// loopback link is up.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("make / a slave: %w", err)
	}
	return loopbackUp()
}

// ifreq is struct ifreq of netdevice(7) as SIOCSIFFLAGS uses it.
type ifreq struct {
	name  [unix.IFNAMSIZ]byte
	flags uint16
	_     [22]byte
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer unix.Close(fd)
	r := ifreq{flags: unix.IFF_UP}
	copy(r.name[:], "lo")
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&r))); e != 0 {
		return fmt.Errorf("set lo up: %w", e)
	}
	return nil
}
