package network

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// victim names the run-root for a child of the test that attaches and detaches
// until it is killed.
const victim = "POUCH_NETWORK_VICTIM"

func attachForEver() {
	root, remakes := strings.CutPrefix(os.Getenv(victim), "remake:")
	s, err := store.Open(root+"/l", root+"/r")
	if err != nil {
		panic(err)
	}
	m := Open(s)
	id := idOf("victim")
	port := record.Port{HostPort: 8081, ContainerPort: 80, Protocol: "tcp"}
	fmt.Println("ready")
	for remakes {
		if _, err := m.Create(context.Background(), CreateOpts{Name: "n1"}); err != nil {
			panic(err)
		}
		if err := m.Remove(context.Background(), "n1"); err != nil {
			panic(err)
		}
	}
	for {
		path, err := m.NewNetns(id)
		if err != nil {
			panic(err)
		}
		_, err = m.Attach(context.Background(), AttachOpts{Container: id, Netns: path, Iface: "eth0", Names: []string{"victim"}, Join: record.Join{Network: "n1"}, Ports: []record.Port{port}})
		if err != nil {
			panic(err)
		}
		if err := m.DetachAll(context.Background(), id); err != nil {
			panic(err)
		}
	}
}

// A network with one address shows any that is lost.
func TestKilledAttachLosesNothing(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/30"}})
	root := r.s.Root[:len(r.s.Root)-len("/l")]
	states := map[string]int{}
	// On a busy machine all kills may come before the victim did anything.
	for i := 0; i < 24 || i < 300 && len(states) == states[""]; i++ {
		kill(t, root, time.Duration(i)*1200*time.Microsecond)
		found, err := r.Leftovers(t.Context(), func(string) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		var kinds string
		for _, l := range found {
			kinds += l.Kind + " "
		}
		states[kinds] = 1
		if i%2 == 0 { // the next container gets the address without any cleaning
			j := r.joins("next", "n1")
			if !r.reaches("next", j.Gateway) {
				t.Errorf("round %d: no answer\n%s", i, nettest.Run(t, "", "ip", "neigh"))
			}
			r.leave(idOf("next"))
		}
		if err := r.Clean(t.Context(), func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		r.clean(func(string) bool { return false })
	}
	if len(states) == states[""] {
		t.Log("no kill came in the middle: this time the test tested nothing")
	}
}

// Whatever moment Create or Remove is killed at, the network is there and can be
// used, or it is not and can be made.
func TestKilledCreateAndRemove(t *testing.T) {
	r := newRig(t)
	root := "remake:" + r.s.Root[:len(r.s.Root)-len("/l")]
	alive := func(string) bool { return true }
	dirty := 0
	for i := range 24 {
		kill(t, root, time.Duration(i)*700*time.Microsecond)
		if len(must(r.Leftovers(t.Context(), alive))(t)) > 0 {
			dirty++
		}
		if i%2 == 0 {
			if err := r.Clean(t.Context(), alive); err != nil {
				t.Fatal(err)
			}
			r.clean(alive)
		}
		if _, err := r.Inspect("n1"); errs.Is(err, errs.NotFound) {
			r.network("n1", CreateOpts{})
		}
		j := r.joins("next", "n1")
		if !r.reaches("next", j.Gateway) {
			t.Errorf("round %d: no answer", i)
		}
		r.leave(idOf("next"))
		if err := r.Remove(t.Context(), "n1"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of 24 kills left something", dirty)
	if err := r.Clean(t.Context(), alive); err != nil { // of the last one
		t.Error(err)
	}
}

func kill(t *testing.T, root string, after time.Duration) {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), victim+"="+root)
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	out.Read(make([]byte, 6))
	time.Sleep(after) // the moment of the kill is what the test varies
	c.Process.Kill()
	if err := c.Wait(); err == nil || c.ProcessState.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
		t.Fatalf("the victim ended by itself: %v", err)
	}
}
