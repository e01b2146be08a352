package supervisor

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestOneRuntimeHasOneEngine(t *testing.T) {
	// An engine makes this process adopt orphans, which those of other tests need not.
	t.Cleanup(func() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
	s := newSupervisor(&Config{})
	first, err := s.engine("/bin/true")
	must(t, err)
	again, err := s.engine("/bin/true")
	must(t, err)
	other, err := s.engine("/bin/false")
	must(t, err)
	if first != again || first == other {
		t.Errorf("%p %p %p", first, again, other)
	}
	if _, err := s.engine("/nosuch"); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v", err)
	}
}
