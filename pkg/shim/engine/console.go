package engine

import (
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// ConsolePair returns the two ends of a socket over which a runtime hands a
// terminal's master: the first is for ReceiveConsole, the second the runtime's.
func ConsolePair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "console"), os.NewFile(uintptr(fds[1]), "console"), nil
}

// ReceiveConsole takes a terminal's master from a socket, the way that runc
// documents in terminals.md: one message with one descriptor.
func ReceiveConsole(sock *os.File) (*os.File, error) {
	c, err := net.FileConn(sock)
	if err != nil {
		return nil, fmt.Errorf("receive terminal: %w", err)
	}
	defer c.Close()
	return ReadConsole(c.(*net.UnixConn))
}

// ReadConsole is ReceiveConsole from a connection.
func ReadConsole(c *net.UnixConn) (*os.File, error) {
	name := make([]byte, 4096)
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, flags, _, err := c.ReadMsgUnix(name, oob)
	if err != nil {
		return nil, fmt.Errorf("receive terminal: %w", err)
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(msgs) != 1 {
		return nil, fmt.Errorf("receive terminal: %d messages with descriptors: %w", len(msgs), unix.EPROTO)
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil || len(fds) != 1 || flags&unix.MSG_CTRUNC != 0 {
		for _, fd := range fds {
			unix.Close(fd)
		}
		return nil, fmt.Errorf("receive terminal: %d descriptors: %w", len(fds), unix.EPROTO)
	}
	unix.CloseOnExec(fds[0])
	// Non-blocking before NewFile: a read of the master ends when it is closed.
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		return nil, err
	}
	return os.NewFile(uintptr(fds[0]), "/dev/ptmx"), nil
}

// Console is a process' terminal, if it has one: the zero value has none.
type Console struct {
	mu   sync.Mutex
	held *os.File // a duplicate: whoever has the master may close it
}

// Keep holds a duplicate of the master until Release.
func (c *Console) Keep(master *os.File) error {
	raw, err := master.SyscallConn()
	if err != nil {
		return err
	}
	fd, ferr := -1, error(nil)
	err = raw.Control(func(m uintptr) {
		fd, ferr = unix.FcntlInt(m, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = ferr
	}
	if err != nil {
		return fmt.Errorf("hold terminal: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = os.NewFile(uintptr(fd), "/dev/ptmx")
	return nil
}

// Release lets the terminal go. Idempotent.
func (c *Console) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil {
		c.held.Close()
		c.held = nil
	}
}

// Resize sets the size in characters: tty_ioctl(4), TIOCSWINSZ. It does nothing
// for a process that has no terminal or has ended.
func (c *Console) Resize(width, height uint16) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		return nil
	}
	raw, err := c.held.SyscallConn()
	if err != nil {
		return err
	}
	ierr := error(nil)
	err = raw.Control(func(fd uintptr) {
		ierr = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height})
	})
	if err == nil {
		err = ierr
	}
	return os.NewSyscallError("ioctl TIOCSWINSZ", err)
}
