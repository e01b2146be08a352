package ctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// maxPacket bounds a message; an exec with a long environment is the largest.
// It must stay below the kernel's default socket buffer (net.core.wmem_default).
const maxPacket = 192 << 10

// maxFiles bounds the descriptors that come with a message.
const maxFiles = 64

// Conn carries messages. Send is safe for use by several goroutines; Recv is
// for one.
type Conn struct{ c *net.UnixConn }

// Dial connects to a supervisor. The error is fs.ErrNotExist or
// ECONNREFUSED when there is none.
func Dial(path string) (*Conn, error) {
	a, err := address(path)
	if err != nil {
		return nil, err
	}
	c, err := net.DialUnix("unixpacket", nil, a)
	if err != nil {
		return nil, err
	}
	return &Conn{c}, nil
}

// Listen makes the socket at path, mode 0600.
func Listen(path string) (*net.UnixListener, error) {
	a, err := address(path)
	if err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unixpacket", a)
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	return l, os.Chmod(path, 0o600)
}

// address refuses a path that does not fit sun_path (unix(7)): 107 bytes.
func address(path string) (*net.UnixAddr, error) {
	if len(path) > 107 {
		return nil, fmt.Errorf("socket path %s is longer than 107 bytes: use a shorter --run-root", path)
	}
	if strings.HasPrefix(path, "@") {
		return nil, fmt.Errorf("socket path %s is abstract", path)
	}
	return &net.UnixAddr{Name: path, Net: "unixpacket"}, nil
}

// New makes a Conn of an accepted connection.
func New(c *net.UnixConn) *Conn { return &Conn{c} }

// FromFile makes a Conn of an inherited descriptor and closes f.
func FromFile(f *os.File) (*Conn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("not a unix socket")
	}
	return &Conn{u}, nil
}

// Pair returns both ends of a new connection as files, close-on-exec.
func Pair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "ctl"), os.NewFile(uintptr(fds[1]), "ctl"), nil
}

// Send sends m with fds, which stay open here.
func (c *Conn) Send(m *Message, fds ...*os.File) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(data) > maxPacket {
		return fmt.Errorf("message of %d bytes is over the limit of %d", len(data), maxPacket)
	}
	var oob []byte
	if len(fds) > 0 {
		raw := make([]int, len(fds))
		for i, f := range fds {
			raw[i] = int(f.Fd())
		}
		oob = unix.UnixRights(raw...)
	}
	_, _, err = c.c.WriteMsgUnix(data, oob, nil)
	return err
}

// Recv waits for a message. It fails with io.EOF when the other side is gone.
// The files are the caller's to close.
func (c *Conn) Recv() (*Message, []*os.File, error) {
	size, err := c.await()
	if err != nil {
		return nil, nil, err
	}
	buf, oob := make([]byte, max(size, 1)), make([]byte, unix.CmsgSpace(maxFiles*4))
	n, oobn, _, _, err := c.c.ReadMsgUnix(buf, oob)
	if errors.Is(err, unix.ECONNRESET) { // see peek
		n, oobn, _, _, err = c.c.ReadMsgUnix(buf, oob)
	}
	if err != nil {
		return nil, nil, err
	}
	files, err := files(oob[:oobn])
	if err != nil {
		return nil, nil, err
	}
	if n == 0 {
		closeAll(files)
		return nil, nil, io.EOF
	}
	m := &Message{}
	if err := json.Unmarshal(buf[:n], m); err != nil {
		closeAll(files)
		return nil, nil, fmt.Errorf("message from the other side: %w", err)
	}
	return m, files, nil
}

// await waits for a message and returns its length: what holds all that one may
// have would be the largest thing that a supervisor keeps in memory.
func (c *Conn) await() (n int, err error) {
	raw, err := c.c.SyscallConn()
	if err != nil {
		return 0, err
	}
	rerr := raw.Read(func(fd uintptr) bool {
		n, err = peek(int(fd))
		return !errors.Is(err, unix.EAGAIN)
	})
	switch {
	case rerr != nil:
		return 0, rerr
	case err == nil && n > maxPacket:
		return 0, fmt.Errorf("a message of %d bytes is over the limit of %d", n, maxPacket)
	}
	return n, err
}

// peek returns the length of the next message, 0 when the other side is gone. Where
// that has left without reading all that it was sent, the kernel tells ECONNRESET
// once, before the messages that are still to be read.
func peek(fd int) (n int, err error) {
	reset := false
	for {
		n, _, err = unix.Recvfrom(fd, nil, unix.MSG_PEEK|unix.MSG_TRUNC|unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECONNRESET) && !reset:
			reset = true
		default:
			return n, err
		}
	}
}

func files(oob []byte) ([]*os.File, error) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var out []*os.File
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			out = append(out, os.NewFile(uintptr(fd), "received"))
		}
	}
	return out, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// Close ends the connection. Idempotent.
func (c *Conn) Close() error { return c.c.Close() }

// SetDeadline bounds the Send and Recv that follow.
func (c *Conn) SetDeadline(t time.Time) error { return c.c.SetDeadline(t) }
