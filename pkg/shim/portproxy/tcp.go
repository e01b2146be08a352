package portproxy

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const dialTimeout = 10 * time.Second

// serveTCP accepts until the listener is closed. Out of descriptors or memory
// it waits a little and goes on.
func serveTCP(l net.Listener, to netip.AddrPort) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go join(c.(*net.TCPConn), to)
	}
}

// join copies both ways; the end of one direction is passed on, and the
// connection closes when both have ended.
func join(a *net.TCPConn, to netip.AddrPort) {
	defer a.Close()
	conn, err := net.DialTimeout("tcp", to.String(), dialTimeout)
	if err != nil {
		a.SetLinger(0) // the client sees a reset, as from a closed port
		return
	}
	b := conn.(*net.TCPConn)
	defer b.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		oneWay(b, a)
	}()
	oneWay(a, b)
	<-done
}

func oneWay(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		to.SetLinger(0)
		to.Close()
		from.Close()
		return
	}
	to.CloseWrite()
}

// duplicate makes a close-on-exec duplicate that only holds the socket.
func duplicate(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
