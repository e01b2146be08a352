//go:build integration

package integration

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// another returns a suite with the same programs and state folders of its own;
// its engine ends with the test.
func another(t *testing.T) *harness.Suite {
	t.Helper()
	suite.Need(t)
	s := suite.Another()
	t.Cleanup(func() {
		if err := s.Discard(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestAddressUsesAnotherEngine(t *testing.T) {
	theirs, ours := another(t), another(t)
	theirs.Must(t, "pouch-image", "load", "-q", "-i", theirs.Archive)
	sock := filepath.Join(theirs.RunRoot, "containerd", "containerd.sock")
	out := ours.Must(t, "pouch-run", "--address", sock, "run", "--rm", "--network", "none", ours.Image, "echo", "hello")
	if out != "hello" {
		t.Errorf("it printed %q", out)
	}
	if pids := ours.Engines(); len(pids) != 0 {
		t.Errorf("an engine of its own was started: %v", pids)
	}
	if r := ours.Settle("pouch-run", "--address", sock, "gc", "--check"); r.Code != 0 {
		t.Error(r)
	}
}

func TestEngineThatIsNotThere(t *testing.T) {
	s := another(t)
	r := s.Pouch("pouch-run", "--address", "/tmp/no-such-containerd.sock", "run", "--rm", s.Image, "true")
	if r.Code != 125 || !strings.Contains(r.Stderr, "containerd at /tmp/no-such-containerd.sock") || strings.Count(r.Stderr, "\n") != 1 {
		t.Error(r)
	}
}
