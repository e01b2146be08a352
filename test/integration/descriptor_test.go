//go:build integration

package integration

import (
	"path/filepath"
	"testing"
)

// What a caller has open beyond its standard streams is not held by what lives
// on after the command: neither by the container, its supervisor nor the engine.
func TestCallersLocksAreNotInherited(t *testing.T) {
	s := start(t)
	lock := filepath.Join(t.TempDir(), "lock")
	s.Must(t, "pouch-run", "engine", "stop")
	r := s.Sh(`exec 9>"` + lock + `"; flock -n 9 && pouch-run -d --name holder --network none $IMG sleep 1000`)
	if r.Code != 0 {
		t.Fatal(r)
	}
	if r := s.Pouch("flock", "-n", lock, "true"); r.Code != 0 {
		t.Errorf("the caller's lock is still held: %v", r)
	}
	if out := s.Must(t, "pouch-run", "exec", "holder", "sh", "-c", "ls /proc/1/fd"); out != "0\n1\n2" {
		t.Errorf("descriptors in the container: %q", out)
	}
}
