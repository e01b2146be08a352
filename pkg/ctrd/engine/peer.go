package engine

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// peer returns the process that listens at a socket: the kernel knows it also
// when the note of it was lost (SO_PEERCRED of unix(7)).
func peer(sock string) (record.Proc, error) {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: sock, Net: "unix"})
	if err != nil {
		return record.Proc{}, err
	}
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return record.Proc{}, err
	}
	var cred *unix.Ucred
	var cerr error
	err = raw.Control(func(fd uintptr) {
		cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, cerr); err != nil {
		return record.Proc{}, err
	}
	return proc.Of(int(cred.Pid))
}
