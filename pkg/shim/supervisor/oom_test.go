package supervisor

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// hungry is a command that takes memory until the kernel kills it.
const hungry = "x=aaaaaaaa; while :; do x=$x$x; done"

func newHungry(t *testing.T, id, script string) *shim {
	t.Helper()
	s := newShim(t, id, "true")
	spec := newSpec(id, filepath.Join(s.bin, "root"), "sh", "-c", script)
	limit := int64(64 << 20) // the runtime starts within it, also one that is built to find races
	spec.Linux.Resources = &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit}}
	s.writeBundle(id, spec)
	s.run(id)
	return s
}

func TestOOMIsToldWhenItHappens(t *testing.T) {
	s := newHungry(t, "oomlive", "("+hungry+"); sleep 1000")
	eventually(t, "the event comes", func() bool { return strings.Contains(s.events.String(), "oom") })
	if strings.Contains(s.events.String(), "exit") {
		t.Error("the container has ended")
	}
}

func TestOOMIsToldBeforeTheExit(t *testing.T) {
	s := newHungry(t, "oomend", hungry)
	if code := s.wait("oomend", ""); code != 137 {
		t.Errorf("exit code %d", code)
	}
	eventually(t, "the exit is told", func() bool { return strings.Contains(s.events.String(), "exit") })
	if got := s.events.String(); got != "create start oom exit" {
		t.Errorf("%q", got)
	}
}
