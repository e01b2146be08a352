//go:build linux && amd64

package killpoint

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func attr() *os.ProcAttr {
	return &os.ProcAttr{Files: []*os.File{nil, nil, os.Stderr}, Sys: &syscall.SysProcAttr{}}
}

// Each point is one step further: what was made before it stays, what comes
// after it never happens.
func TestEveryPoint(t *testing.T) {
	dir := t.TempDir()
	argv := []string{"/bin/mkdir", filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")}
	made := map[int]bool{}
	for at := 1; ; at++ {
		r, err := Run(argv, attr(), at)
		if err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		made[len(left)] = true
		if !r.Killed {
			if r.Code != 0 || len(left) != 3 {
				t.Errorf("not killed: exit %d, %d folders", r.Code, len(left))
			}
			break
		}
		if next := string(rune('a' + len(left))); strings.HasPrefix(r.Call, "mkdir") && len(left) == 3 {
			t.Errorf("killed at %q, and yet %s is there", r.Call, next)
		}
		for _, l := range left {
			if err := os.Remove(filepath.Join(dir, l.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n := range 4 {
		if !made[n] {
			t.Errorf("no point left %d folders: %v", n, made)
		}
	}
}

func TestNeverKilled(t *testing.T) {
	r, err := Run([]string{"/bin/sh", "-c", "echo x >/dev/null; exit 7"}, attr(), 0)
	if err != nil || r.Killed || r.Code != 7 || r.Points == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
