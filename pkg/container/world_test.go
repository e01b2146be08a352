package container

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// world is a manager over state directories of its own.
type world struct {
	*Manager
	t *testing.T
	n int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pc") // short: socket paths are limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := store.Open(dir+"/l", dir+"/r")
	if err != nil {
		t.Fatal(err)
	}
	return &world{Manager: Open(s, ""), t: t}
}

// add writes a container called name.
func (w *world) add(name string, st record.State, change func(*record.Container)) *record.Container {
	w.t.Helper()
	w.n++
	c := &record.Container{
		ID: strings.Repeat(string("0123456789abcdef"[w.n]), 64), Name: name,
		Created: time.Date(2026, 1, 1, 0, w.n, 0, 0, time.UTC),
		Image:   record.Image{Name: "bb:1", Ref: "docker.io/library/bb:1", ConfigDigest: "sha256:" + strings.Repeat("e", 64)},
		Process: record.Process{Entrypoint: []string{"sleep"}, Cmd: []string{"300"}, Cwd: "/"}, NetworkMode: "bridge",
	}
	if change != nil {
		change(c)
	}
	if err := w.Store.CreateContainer(c, &st); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Store.ClaimName(name, c.ID); err != nil {
		w.t.Fatal(err)
	}
	if Alive(&st) { // its supervisor has sockets
		if err := os.MkdirAll(w.Store.RunDir(c.ID), 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	return c
}

// running is the state of a container whose process 1 is p.
func (w *world) running(p record.Proc) record.State {
	return record.State{Status: record.Running, Init: p, BootID: w.bootID(), Started: time.Now().UTC()}
}

// self is a process that lives.
func (w *world) self() record.Proc {
	p, err := proc.Self()
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// child starts a shell script and returns its process.
func (w *world) child(script string) (*exec.Cmd, record.Proc) {
	w.t.Helper()
	c := exec.Command("sh", "-c", script)
	out, err := c.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil { // the script says that it is ready
		w.t.Fatal(err)
	}
	p, err := proc.Of(c.Process.Pid)
	if err != nil {
		w.t.Fatal(err)
	}
	return c, p
}

// dead is a process that has ended.
func (w *world) dead() record.Proc {
	c, p := w.child("echo; exec sleep 300")
	c.Process.Kill()
	c.Wait()
	return p
}

// supervise answers at the control socket of id with serve, one connection
// after the other, and holds the supervisor lock.
func (w *world) supervise(id string, serve func(*ctl.Conn)) {
	w.t.Helper()
	if err := os.MkdirAll(w.Store.RunDir(id), 0o700); err != nil {
		w.t.Fatal(err)
	}
	lock, err := fsx.TryLock(w.Store.SupervisorLock(id))
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := ctl.Listen(w.Store.ControlSocket(id))
	if err != nil {
		w.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			conn := ctl.New(c)
			serve(conn)
			conn.Close()
		}
	}()
	w.t.Cleanup(func() { l.Close(); <-done; lock.Unlock() })
}
