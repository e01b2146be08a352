package network

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/portproxy"
)

// sctpSocket is a socket of one-to-one style in a namespace, bound or connected.
func sctpSocket(t *testing.T, path string, use func(fd int) error) *os.File {
	t.Helper()
	var f *os.File
	err := nettest.In(t, path, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_SCTP)
		if err != nil {
			return err
		}
		f = os.NewFile(uintptr(fd), "sctp")
		return use(fd)
	})
	if err != nil {
		t.Fatalf("sctp in %q: %v", path, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// asksSCTP connects from a namespace and returns the address that the server saw.
func asksSCTP(t *testing.T, path string, to [4]byte, port int) string {
	t.Helper()
	f := sctpSocket(t, path, func(fd int) error {
		limit := unix.NsecToTimeval(time.Minute.Nanoseconds())
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrInet4{Addr: to, Port: port})
	})
	c, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	b, _ := io.ReadAll(c)
	return string(b)
}

func TestPublishedSCTP(t *testing.T) {
	r := newRig(t)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_SCTP)
	if err != nil {
		t.Skipf("this kernel has no sctp: %v", err)
	}
	unix.Close(fd)
	client := r.outside()
	files, ports, err := Reserve([]record.Port{{HostPort: 8080, ContainerPort: 80, Protocol: "sctp"}})
	if err != nil {
		t.Fatal(err)
	}
	web := r.joins("web", "bridge", ports...)
	server := sctpSocket(t, r.s.Netns(idOf("web")), func(fd int) error {
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: 80}); err != nil {
			return err
		}
		return unix.Listen(fd, 8)
	})
	l, err := net.FileListener(server)
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
			host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
			io.WriteString(c, host)
			c.Close()
		}
	}()
	var p portproxy.Proxy
	defer p.Close()
	if err := p.Add(ports, files, ip(web.IPv4)); err != nil {
		t.Fatal(err)
	}
	if got := asksSCTP(t, client, [4]byte{192, 0, 2, 1}, 8080); got != "192.0.2.2" {
		t.Errorf("from outside the server saw %q", got)
	}
	if got := asksSCTP(t, "", [4]byte{127, 0, 0, 1}, 8080); got != web.Gateway {
		t.Errorf("from localhost the server saw %q", got)
	}
}
