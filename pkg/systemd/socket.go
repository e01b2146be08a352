package systemd

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// NotifyAt is Notify by another process than the one that was started with
// NOTIFY_SOCKET, whose value socket is: a path, or @ and an abstract name.
func NotifyAt(socket, state string) error { return send(socket, state, nil) }

// Barrier waits until the service manager has read what this process has sent
// so far, at most limit: who ends right after a Notify is unknown to a manager
// that reads it later (sd_notify_barrier(3)). Without NOTIFY_SOCKET it does
// nothing.
func Barrier(limit time.Duration) error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	err = send(socket, "BARRIER=1", unix.UnixRights(int(w.Fd())))
	w.Close()
	if err != nil {
		return err
	}
	r.SetReadDeadline(time.Now().Add(limit))
	r.Read(make([]byte, 1)) //nolint:errcheck // it ends when the manager has closed its copy
	return nil
}

func send(socket, state string, rights []byte) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(fd)
		err = unix.Sendmsg(fd, []byte(state), rights, &unix.SockaddrUnix{Name: socket}, unix.MSG_NOSIGNAL)
	}
	if err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}
