//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A container whose supervisor was killed starts again also where what containerd
// then runs takes longer than the five seconds that containerd itself would give it.
func TestSlowCleaner(t *testing.T) {
	s := start(t)
	run := pouchRunWith(t, s, fmt.Sprintf("exec %s \"$@\"", filepath.Join(s.Bin, "pouch-shim")))
	cleaner, slow := filepath.Join(filepath.Dir(run), "pouch-shim-delete"), filepath.Join(t.TempDir(), "slow")
	must(t, os.Remove(cleaner))
	must(t, os.WriteFile(cleaner, fmt.Appendf(nil, "#!/bin/sh\n[ ! -e %s ] || sleep 7\nexec %s \"$@\"\n", slow, filepath.Join(s.Bin, "pouch-shim-delete")), 0o755))
	id := s.Must(t, run, "-d", "--name", "again", "--network", "none", s.Image, "sleep", "1000")
	must(t, os.WriteFile(slow, nil, 0o600))
	for _, pid := range supervisorOf(s, id) {
		kill(t, pid)
	}
	s.Must(t, run, "start", "again")
	must(t, os.Remove(slow))
	s.Must(t, "pouch-run", "rm", "-f", "again")
}
