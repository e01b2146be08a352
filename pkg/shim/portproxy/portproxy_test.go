package portproxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// bound makes a socket on loopback as pouch-run reserves it.
func bound(t *testing.T, protocol string) (*os.File, string) {
	t.Helper()
	if protocol == "udp" {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f, err := c.File()
		if err != nil {
			t.Fatal(err)
		}
		return f, c.LocalAddr().String()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	return f, l.Addr().String()
}

func TestTCPPassesBothWaysAndTheEnd(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			b, _ := io.ReadAll(c) // to the client's half-close
			c.Write(bytes.ToUpper(b))
			c.Close()
		}
	}()
	f, addr := bound(t, "tcp")
	var p Proxy
	defer p.Close()
	port := record.Port{Protocol: "tcp", ContainerPort: uint16(server.Addr().(*net.TCPAddr).Port)}
	if err := p.Add([]record.Port{port}, []*os.File{f}, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := bytes.Repeat([]byte("abc"), 100000)
	c.Write(sent)
	c.(*net.TCPConn).CloseWrite()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, bytes.ToUpper(sent)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	p.Close()
	if again, err := net.Dial("tcp", addr); err == nil { // by somebody else, or this connection itself
		defer again.Close()
		again.SetDeadline(time.Now().Add(time.Minute))
		io.WriteString(again, "abc")
		again.(*net.TCPConn).CloseWrite()
		if got, _ := io.ReadAll(again); string(got) == "ABC" {
			t.Error("the port is served after Close")
		}
	}
}

// unserved is a port of 127.0.0.1 that is taken, so that nobody comes to serve it, and
// not served.
func unserved(t *testing.T) uint16 {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(at.(*unix.SockaddrInet4).Port)
}

func TestTCPWithoutServerIsReset(t *testing.T) {
	port := record.Port{Protocol: "tcp", ContainerPort: unserved(t)}
	f, addr := bound(t, "tcp")
	var p Proxy
	defer p.Close()
	if err := p.Add([]record.Port{port}, []*os.File{f}, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if errors.Is(err, unix.ECONNRESET) {
		return // it came even before the connection was seen as made
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		t.Errorf("%d %v", n, err)
	}
}

func TestUDPAnswersEachClient(t *testing.T) {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			server.WriteToUDPAddrPort(bytes.ToUpper(buf[:n]), from)
		}
	}()
	f, addr := bound(t, "udp")
	var p Proxy
	defer p.Close()
	port := record.Port{Protocol: "udp", ContainerPort: uint16(server.LocalAddr().(*net.UDPAddr).Port)}
	if err := p.Add([]record.Port{port}, []*os.File{f}, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"one", "two"} {
		c, err := net.Dial("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Minute))
		c.Write([]byte(word))
		buf := make([]byte, 100)
		n, err := c.Read(buf)
		if err != nil || string(buf[:n]) != string(bytes.ToUpper([]byte(word))) {
			t.Errorf("%q %v", buf[:n], err)
		}
	}
}

func TestIdleUDPSessionEnds(t *testing.T) {
	f, addr := bound(t, "udp")
	c, err := net.FilePacketConn(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r := &relay{sock: c.(*net.UDPConn), to: func() netip.AddrPort { return server.LocalAddr().(*net.UDPAddr).AddrPort() }, idle: 10 * time.Millisecond}
	go r.serve()
	defer c.Close()
	client, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.Write([]byte("x"))
	server.SetReadDeadline(time.Now().Add(time.Minute))
	_, session, err := server.ReadFromUDPAddrPort(make([]byte, 10))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for { // the session's own port is free again
		l, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(session))
		if err == nil {
			l.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the session is still there")
		}
	}
}

func TestMismatchIsRefused(t *testing.T) {
	f, _ := bound(t, "tcp")
	var p Proxy
	if err := p.Add(nil, []*os.File{f}, "127.0.0.1"); err == nil {
		t.Error("a socket without a port was taken")
	}
	if _, err := f.Stat(); err == nil {
		t.Error("its file is still open")
	}
}

// pair serves one port of 127.0.0.1, which says one, and of 127.0.0.2, which says two.
func pair(t *testing.T) (number int) {
	t.Helper()
	for {
		one, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		number = one.Addr().(*net.TCPAddr).Port
		two, err := net.Listen("tcp", fmt.Sprintf("127.0.0.2:%d", number))
		if err != nil {
			one.Close() // somebody has it there
			continue
		}
		answering(t, one, "one")
		answering(t, two, "two")
		return number
	}
}

// answering says a word to every connection.
func answering(t *testing.T, l net.Listener, word string) {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, word)
			c.Close()
		}
	}()
}

func TestRetarget(t *testing.T) {
	number := pair(t)
	f, addr := bound(t, "tcp")
	var p Proxy
	defer p.Close()
	ports := []record.Port{{Protocol: "tcp", ContainerPort: uint16(number), HostPort: 7}}
	if err := p.Add(ports, []*os.File{f}, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return ""
		}
		defer c.Close()
		b, _ := io.ReadAll(c)
		return string(b)
	}
	for _, step := range []struct{ target, want string }{{"127.0.0.1", "one"}, {"127.0.0.2", "two"}, {"", ""}, {"127.0.0.1", "one"}} {
		if err := p.Retarget(step.target); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got != step.want {
			t.Errorf("to %q: %q", step.target, got)
		}
	}
	if err := p.Retarget("elsewhere"); err == nil {
		t.Error("a target that is no address was taken")
	}
	if !slices.Equal(p.Ports(), ports) {
		t.Errorf("%+v", p.Ports())
	}
}

// A client with a connected socket takes answers from the address it asked only.
func TestUDPAnswersFromTheAddressAsked(t *testing.T) {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			server.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	for _, network := range []string{"udp4", "udp"} {
		c, err := net.ListenUDP(network, nil)
		if err != nil {
			t.Fatal(err)
		}
		f, err := c.File()
		if err != nil {
			t.Fatal(err)
		}
		number := c.LocalAddr().(*net.UDPAddr).Port
		c.Close()
		var p Proxy
		if err := p.Add([]record.Port{{Protocol: "udp", ContainerPort: uint16(server.LocalAddr().(*net.UDPAddr).Port)}}, []*os.File{f}, "127.0.0.1"); err != nil {
			t.Fatal(err)
		}
		client, err := net.Dial("udp4", fmt.Sprintf("127.0.0.77:%d", number))
		if err != nil {
			t.Fatal(err)
		}
		client.SetDeadline(time.Now().Add(time.Minute))
		client.Write([]byte("x"))
		if _, err := client.Read(make([]byte, 10)); err != nil {
			t.Errorf("%s: %v", network, err)
		}
		client.Close()
		p.Close()
	}
}
