package nettest

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// In runs do on a thread in the network namespace at path, which is not used
// again; "" is the test's own.
func In(t testing.TB, path string, do func() error) error {
	t.Helper()
	if path == "" {
		return do()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		ns, err := os.Open(path)
		if err == nil {
			defer ns.Close()
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// Serve listens in a namespace and answers every connection, or packet, with
// the peer's address, until the test ends.
func Serve(t testing.TB, path, network, addr string) {
	t.Helper()
	err := In(t, path, func() error {
		if network[:3] == "udp" {
			c, err := net.ListenPacket(network, addr)
			if err == nil {
				t.Cleanup(func() { c.Close() })
				go echoPackets(c)
			}
			return err
		}
		l, err := net.Listen(network, addr)
		if err == nil {
			t.Cleanup(func() { l.Close() })
			go echo(l)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(c, c.RemoteAddr().String())
		c.Close()
	}
}

func echoPackets(c net.PacketConn) {
	b := make([]byte, 64)
	for {
		_, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		c.WriteTo([]byte(from.String()), from)
	}
}

// Ask connects from a namespace and returns the address, without port, that the
// server saw; it waits at most for the time given.
func Ask(t testing.TB, path, network, addr string, most time.Duration) (string, error) {
	t.Helper()
	var seen string
	err := In(t, path, func() error {
		c, err := net.DialTimeout(network, addr, most)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(most)); err != nil {
			return err
		}
		if network[:3] == "udp" {
			if _, err := io.WriteString(c, "?"); err != nil {
				return err
			}
		}
		b := make([]byte, 128)
		n, err := c.Read(b)
		if err != nil {
			return fmt.Errorf("connected, no answer: %w", err)
		}
		seen, _, err = net.SplitHostPort(string(b[:n]))
		return err
	})
	return seen, err
}
