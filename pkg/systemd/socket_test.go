package systemd

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func manager(t *testing.T) (*net.UnixConn, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.SetDeadline(time.Now().Add(time.Minute))
	return l, path
}

func TestNotifyAt(t *testing.T) {
	l, path := manager(t)
	if err := NotifyAt(path, "READY=1\nSTATUS=x"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := l.Read(buf); err != nil || string(buf[:n]) != "READY=1\nSTATUS=x" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if err := NotifyAt(path+"x", "READY=1"); err == nil {
		t.Error("nobody is there, and no error")
	}
}

// TestBarrier: it returns when the manager has closed the descriptor, not before.
func TestBarrier(t *testing.T) {
	l, path := manager(t)
	t.Setenv("NOTIFY_SOCKET", path)
	done := make(chan error, 1)
	go func() { done <- Barrier(time.Minute) }()
	buf, oob := make([]byte, 100), make([]byte, 100)
	n, oobn, _, _, err := l.ReadMsgUnix(buf, oob)
	if err != nil || string(buf[:n]) != "BARRIER=1" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(msgs) != 1 {
		t.Fatalf("%d control messages, %v", len(msgs), err)
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil || len(fds) != 1 {
		t.Fatalf("descriptors %v, %v", fds, err)
	}
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	unix.Close(fds[0])
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBarrierWithoutManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Barrier(time.Hour); err != nil {
		t.Error(err)
	}
}
