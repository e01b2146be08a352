package network

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// supervised lets a container have a supervisor, and a process as st says.
func (r *rig) supervised(id string, st record.State) *fsx.Lock {
	r.t.Helper()
	lock, err := fsx.TryLock(r.s.SupervisorLock(id))
	if err == nil {
		err = r.s.SetState(id, &st)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(lock.Remove)
	return lock
}

func lives(t *testing.T) record.State {
	return record.State{Status: record.Running, Init: must(proc.Self())(t)}
}

// An address is waited for while the container that has it is ending, also where it is
// the last of a network; one of a container that runs is not.
func TestAddressOfEnding(t *testing.T) {
	r := newRig(t)
	r.endsWithin = time.Hour
	r.network("n1", CreateOpts{Subnets: []string{"10.77.5.0/30"}})
	had := r.joins("old", "n1").IPv4
	old, fresh := idOf("old"), r.container("fresh")
	lock := r.supervised(old, lives(t))
	for _, ip := range []string{"10.77.5.2", ""} {
		o := r.opts(fresh, "fresh", "n1")
		o.Join.IPv4 = ip
		if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Unavailable) {
			t.Fatalf("address %q of one that runs: %v", ip, err)
		}
	}
	for _, ip := range []string{"10.77.5.2", ""} {
		if err := r.s.SetState(old, &record.State{Status: record.Exited}); err != nil {
			t.Fatal(err)
		}
		gone := make(chan error, 1)
		time.AfterFunc(200*time.Millisecond, func() { gone <- r.DetachAll(context.WithoutCancel(t.Context()), old) })
		o := r.opts(fresh, "fresh", "n1")
		o.Join.IPv4 = ip
		j, err := r.Attach(t.Context(), o)
		if err := <-gone; err != nil {
			t.Fatal(err)
		}
		if err != nil || j.IPv4 != had {
			t.Fatalf("address %q of one that has ended: %+v, %v", ip, j, err)
		}
		r.leave(fresh)
		must(r.NewNetns(fresh))(t)
		must(r.Attach(t.Context(), r.opts(old, "old", "n1")))(t)
	}
	lock.Unlock() // nobody will give it back
	if _, err := r.Attach(t.Context(), r.opts(fresh, "fresh", "n1")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the address of one whose supervisor was killed: %v", err)
	}
}

// A port is waited for while the supervisor that has it is ending.
func TestPortOfEnding(t *testing.T) {
	r := newRig(t)
	r.endsWithin = time.Hour
	id := r.container("old")
	r.supervised(id, lives(t))
	files, ports := reserve(t, tcp("", 0, 80))
	c := exec.Command("sh", "-c", "read x", "--run-root", r.s.RunRoot, "--id", id)
	c.Args[0] = supervisor
	c.ExtraFiles = files
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer in.Close()
	for dir := fmt.Sprintf("/proc/%d", c.Process.Pid); r.supervisedBy(dir) != id; { // its words come a moment after its start
		time.Sleep(time.Millisecond)
	}
	files[0].Close()
	if _, _, err := r.ReserveFor(t.Context(), ports); errs.CauseOf(err) != portInUse {
		t.Fatalf("the port of one that runs: %v", err)
	}
	if err := r.s.SetState(id, &record.State{Status: record.Exited}); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { in.Close() })
	got, _, err := r.ReserveFor(t.Context(), ports)
	if err != nil {
		t.Fatalf("the port of one that has ended: %v", err)
	}
	for _, f := range got {
		f.Close()
	}
}

// A port that somebody else has is not waited for.
func TestPortOfOthers(t *testing.T) {
	r := newRig(t)
	_, ports := reserve(t, tcp("", 0, 80))
	r.endsWithin = time.Hour // who waits is seen
	if _, _, err := r.ReserveFor(t.Context(), ports); errs.CauseOf(err) != portInUse {
		t.Errorf("%v", err)
	}
	if got := r.supervisedBy("/proc/self"); got != "" {
		t.Errorf("%q, of %v", got, os.Args)
	}
}
