package ociruntime

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// consoleWait is how long a runtime that has ended well may owe its terminal.
const consoleWait = 5 * time.Second

// consoleSocket is where the runtime hands the terminal over. Its path goes
// through this process' descriptor of the bundle, so that it fits into a unix
// address (107 bytes, unix(7)) however deep the bundle is.
type consoleSocket struct {
	path     string
	real     string
	dir      *os.File
	listener *net.UnixListener
}

func listenConsole(bundle string) (*consoleSocket, error) {
	dir, err := os.Open(bundle)
	if err != nil {
		return nil, err
	}
	name := ".console-" + rand.Text()
	s := &consoleSocket{
		dir:  dir,
		real: filepath.Join(bundle, name),
		path: fmt.Sprintf("/proc/%d/fd/%d/%s", os.Getpid(), dir.Fd(), name),
	}
	s.listener, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: s.path})
	if err != nil {
		dir.Close()
		return nil, fmt.Errorf("listen for the terminal: %w", err)
	}
	s.listener.SetUnlinkOnClose(false)
	return s, nil
}

func (s *consoleSocket) close() {
	s.listener.Close()
	os.Remove(s.real)
	s.dir.Close()
}

// take receives the terminal of p and hands its master to the caller.
func (s *consoleSocket) take(ctx context.Context, p *process, to func(*os.File)) error {
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	end := time.Now().Add(consoleWait)
	if err := s.listener.SetDeadline(end); err != nil {
		return err
	}
	conn, err := s.listener.AcceptUnix()
	if err != nil {
		return fmt.Errorf("the runtime sends no terminal: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(end); err != nil {
		return err
	}
	master, err := engine.ReadConsole(conn)
	if err != nil {
		return err
	}
	if err := p.Console.Keep(master); err != nil {
		master.Close()
		return err
	}
	if p.ended() {
		p.Console.Release()
	}
	if to == nil {
		return master.Close()
	}
	to(master)
	return nil
}
