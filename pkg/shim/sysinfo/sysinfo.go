// Package sysinfo answers the system call sysinfo(2) of a container's processes in
// the kernel's place, which tells them of the host: its seccomp filter hands the
// call over (seccomp_unotify(2)). Programs that ask it instead of reading /proc are
// busybox's free and uptime, and musl's sysconf(3).
package sysinfo

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// Supported reports whether the kernel hands calls over, and lets a filter's
// descriptor be taken from another process: Linux 5.6.
func Supported() bool {
	const getActionAvail, userNotif = 2, uint32(0x7fc00000)
	action := userNotif
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, getActionAvail, 0, uintptr(unsafe.Pointer(&action)))
	_, err := unix.PidfdGetfd(-1, 0, 0)
	return e == 0 && !errors.Is(err, unix.ENOSYS)
}

// Filter returns f, which allows the call, so that it hands it over to who listens
// at the path socket (runtime-spec config-linux.md, "listenerPath").
func Filter(f *specs.LinuxSeccomp, socket string) *specs.LinuxSeccomp {
	out := *f
	out.ListenerPath, out.Syscalls = socket, nil
	for _, s := range f.Syscalls {
		if slices.Contains(s.Names, "sysinfo") {
			s.Names = slices.DeleteFunc(slices.Clone(s.Names), func(n string) bool { return n == "sysinfo" })
		}
		if len(s.Names) > 0 {
			out.Syscalls = append(out.Syscalls, s)
		}
	}
	out.Syscalls = append(out.Syscalls, specs.LinuxSyscall{Names: []string{"sysinfo"}, Action: specs.ActNotify})
	return &out
}

// Answers are being given until Close.
type Answers struct {
	l      *net.UnixListener
	change func(*unix.Sysinfo_t)

	mu     sync.Mutex
	closed bool
	open   map[*os.File]bool
}

// Serve makes the socket at path and answers the filters that are sent to it, one
// for process 1 and one for each exec: with what the kernel says, as change has
// changed it. What it cannot answer it leaves to the kernel.
func Serve(path string, change func(*unix.Sysinfo_t)) (*Answers, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	a := &Answers{l: l, change: change, open: map[*os.File]bool{}}
	go a.accept()
	return a, os.Chmod(path, 0o600)
}

// Close ends it; calls that are made afterwards fail. Idempotent.
func (a *Answers) Close() {
	a.l.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for f := range a.open {
		f.Close()
	}
}

func (a *Answers) accept() {
	for {
		c, err := a.l.AcceptUnix()
		if err != nil {
			return
		}
		go a.take(c)
	}
}

// maxState bounds the state that comes beside a descriptor.
const maxState = 1 << 20

// take receives one filter and answers its calls.
func (a *Answers) take(c *net.UnixConn) {
	defer c.Close()
	oob := make([]byte, unix.CmsgSpace(4*4))
	_, n, _, _, err := c.ReadMsgUnix(make([]byte, maxState), oob)
	if err != nil {
		return
	}
	for _, fd := range rights(oob[:n]) {
		f := os.NewFile(uintptr(fd), "seccomp") // nonblocking: the poller of the runtime waits
		if a.keep(f) {
			go a.answer(f)
		}
	}
}

func rights(oob []byte) []int {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	var out []int
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			if unix.SetNonblock(fd, true) != nil {
				unix.Close(fd)
				continue
			}
			out = append(out, fd)
		}
	}
	return out
}

// keep notes that f is open, and closes it when it comes too late.
func (a *Answers) keep(f *os.File) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		f.Close()
		return false
	}
	a.open[f] = true
	return true
}

func (a *Answers) drop(f *os.File) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, f)
	f.Close()
}
