package csi

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/test/csidriver"
)

// steps are the calls of each thing that commands want.
func steps() []struct {
	verb  string
	calls []string
} {
	return []struct {
		verb  string
		calls []string
	}{
		{"create", []string{"GetPluginInfo", "CreateVolume"}},
		{"mount", []string{"NodeGetInfo", "ControllerPublishVolume", "NodeStageVolume", "NodePublishVolume"}},
		{"unmount", []string{"NodeUnpublishVolume", "NodeUnstageVolume", "ControllerUnpublishVolume"}},
		{"remove", []string{"DeleteVolume"}},
	}
}

// kill -9 of the command at every step, before and after its effect, then the
// same command again: one volume, mounted once; and nothing when it is gone.
func TestKilledCommand(t *testing.T) {
	for _, after := range []bool{false, true} {
		r := newRig(t, csidriver.Options{})
		r.asUser()
		for _, s := range steps() {
			for _, call := range s.calls {
				r.must(csidriver.Set(r.dir, csidriver.Fault{Call: call, After: after, Slow: time.Hour, Times: 1}))
				before, done := r.called(call), r.called(csidriver.Done(call))
				v := r.victim(s.verb)
				r.awaitCall(call, before)
				if after {
					r.awaitCall(csidriver.Done(call), done)
				}
				r.must(v.Process.Kill())
				if err := v.Wait(); err == nil {
					t.Errorf("%s at %s ended before it was killed", s.verb, call)
				}
				r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), s.verb))
				r.as(s.verb)
				r.undo(s.verb)
			}
			r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), s.verb))
		}
		r.gone()
	}
}

// kill -9 of the driver at every step; the next one of the host's service
// manager answers, and the same command gets through, often at once.
func TestKilledDriver(t *testing.T) {
	for _, after := range []bool{false, true} {
		r := rigWithout(t)
		r.asUser()
		stop := r.serviceManager(0)
		for _, s := range steps() {
			for _, call := range s.calls {
				r.must(csidriver.Set(r.dir, csidriver.Fault{Call: call, After: after, Kill: true, Times: 1}))
				r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), s.verb))
				r.as(s.verb)
				r.undo(s.verb)
			}
			r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), s.verb))
		}
		r.gone()
		stop()
	}
}

// kill -9 of the command, and then nobody asks again: gc gives all back.
func TestKilledAndForgotten(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	for _, s := range steps() {
		for _, call := range s.calls {
			if s.verb != "create" {
				r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), "create"))
			}
			if s.verb == "unmount" {
				r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), "mount"))
			}
			r.must(csidriver.Set(r.dir, csidriver.Fault{Call: call, After: true, Slow: time.Hour, Times: 1}))
			done := r.called(csidriver.Done(call))
			v := r.victim(s.verb)
			r.awaitCall(csidriver.Done(call), done)
			r.must(v.Process.Kill())
			v.Wait()                              // killed
			r.must(r.s.RemoveRun(user().ID))      // as the end of its container
			r.must(r.m.Clean(r.ctx))              // nobody's lock may be left
			r.must(r.m.Remove(r.ctx, "cv", true)) // where it was complete
			r.gone()
		}
	}
}

// gone fails unless nothing is left anywhere.
func (r *rig) gone() {
	r.Helper()
	r.away("cv")
	r.clean()
	if left := csidriver.Volumes(r.dir); len(left) != 0 {
		r.Errorf("the driver has %v", left)
	}
}

// asUser writes the record of the container that has the volume, unless it is there.
func (r *rig) asUser() {
	if _, err := r.s.Container(user().ID); err == nil {
		return
	}
	r.must(r.s.CreateContainer(user(), &record.State{Status: record.Running}))
	r.must(r.s.RemoveRun(user().ID))
}

// as fails unless the world is as it should be after a verb.
func (r *rig) as(verb string) {
	r.Helper()
	n := len(csidriver.Volumes(r.dir))
	switch verb {
	case "create":
		r.away("cv")
	case "mount":
		r.here("cv")
	case "unmount":
		r.away("cv")
	case "remove":
		r.gone()
		return
	}
	if n != 1 {
		r.Errorf("after %s the driver has %d volumes", verb, n)
	}
}

// undo goes back to before a verb, for the next kill.
func (r *rig) undo(verb string) {
	r.Helper()
	back := map[string]string{"create": "remove", "mount": "unmount", "unmount": "mount", "remove": "create"}[verb]
	r.must(do(r.ctx, r.m, r.s, socketOf(r.dir), back))
	r.asUser()
}

// victim starts a process that does what a verb wants.
func (r *rig) victim(verb string) *exec.Cmd {
	c := r.self(victimEnv, strings.Join([]string{r.s.Root, r.s.RunRoot, socketOf(r.dir), verb}, " "))
	r.must(c.Start())
	return c
}

func (r *rig) self(env, value string) *exec.Cmd {
	self, err := os.Executable()
	r.must(err)
	c := exec.Command(self)
	c.Env = append(os.Environ(), env+"="+value)
	c.Stderr = os.Stderr
	return c
}

// serviceManager keeps a driver running in a process of its own, and in
// namespaces of its own.
func (r *rig) serviceManager(apart uintptr) (stop func()) {
	text, err := json.Marshal(csidriver.Options{Dir: r.dir})
	r.must(err)
	quit, done := make(chan struct{}), make(chan error)
	go func() {
		for {
			c := r.self(driverEnv, string(text))
			c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: apart}
			if err := c.Start(); err != nil {
				done <- err
				return
			}
			ended := make(chan error, 1)
			go func() { ended <- c.Wait() }()
			select {
			case <-quit:
				c.Process.Kill() // it may be gone
				<-ended
				done <- nil
				return
			case <-ended:
			}
		}
	}()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("unix", socketOf(r.dir)); err == nil {
			conn.Close()
			break
		} else if time.Now().After(end) {
			r.Fatal(fmt.Errorf("the driver does not come up: %w", err))
		}
	}
	return func() { close(quit); r.must(<-done) }
}

// A driver whose mounts stay in a namespace of its own is told of, and nobody
// gets the bare folder in the place of the volume.
func TestDriverApart(t *testing.T) {
	r := rigWithout(t)
	stop := r.serviceManager(syscall.CLONE_NEWNS)
	defer stop()
	r.must(r.create("cv"))
	c := r.container("cv")
	r.wantKind(r.m.Mount(r.ctx, c), errs.Unavailable, "shared propagation")
	r.end(c)
	r.must(r.m.Remove(r.ctx, "cv", false))
	r.gone()
}
