package images

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/proc"
)

func TestAbandoned(t *testing.T) {
	w, err := here()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := LeaseID("x-y")
	if err != nil || len(mine) > 76 { // containerd's limit of an id
		t.Fatalf("%q (%d), %v", mine, len(mine), err)
	}
	self, err := proc.Self()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("true")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := proc.Of(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	child.Wait()
	other := w
	other.pidns++
	for id, want := range map[string]bool{
		mine:                              false,
		"a container's id, image-1-2-3-4": false,
		LeasePrefix + "x":                 false,
		strings.Replace(mine, w.boot, "000000000000", 1): true, // of an earlier boot
		leaseOf(p.Pid, p.Start, w):                       true,
		leaseOf(p.Pid, p.Start, other):                   false,
		leaseOf(self.Pid, self.Start+1, w):               true, // its pid is another's by now
	} {
		if got := abandoned(id, w); got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
}

func TestPartial(t *testing.T) {
	id, err := PartialID("docker.io/library/x:1", "12345678")
	if err != nil || len(id) > 76 {
		t.Fatalf("%q (%d), %v", id, len(id), err)
	}
	own, err := LeaseID("12345678")
	if err != nil || ofProcess(id) != own || ofProcess(own) != own {
		t.Errorf("%q is of %q, want %q, %v", id, ofProcess(id), own, err)
	}
	if partialOf("a") == partialOf("b") || !strings.HasPrefix(id, partialOf("docker.io/library/x:1")) {
		t.Errorf("%q does not tell what is pulled", id)
	}
}
