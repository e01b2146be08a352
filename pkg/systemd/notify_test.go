package systemd

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestNotifyReachesTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	if err := Notify("READY=1\nMAINPID=7"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	l.SetDeadline(time.Now().Add(time.Minute))
	n, err := l.Read(buf)
	if err != nil || string(buf[:n]) != "READY=1\nMAINPID=7" {
		t.Errorf("the manager got %q, %v", buf[:n], err)
	}
}

func TestNotifyWithoutManagerDoesNothing(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Notify("READY=1"); err != nil {
		t.Error(err)
	}
}

func TestNotifyWithManagerGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	if err := Notify("READY=1"); err == nil {
		t.Error("a manager that is gone was told")
	}
}

func TestWatchdogIsHalfTheUnitsTime(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "4000000")
	t.Setenv("WATCHDOG_PID", "")
	if d, err := Watchdog(); err != nil || d != 2*time.Second {
		t.Errorf("watchdog every %v, %v", d, err)
	}
}
