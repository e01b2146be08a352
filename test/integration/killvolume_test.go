//go:build integration && amd64

package integration

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// volumeVerbs are those that move the content of volumes, mount them, and give
// containers lxcfs.
func volumeVerbs(t *testing.T, s *harness.Suite, dir string) []verb {
	t.Helper()
	out := filepath.Join(dir, "volume.tar")
	with := []string{"run", "--rm", "--network", "none", "-v", "kx:/etc", s.Image, "true"}
	tmpfs := []string{"pouch-vol", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "kt"}
	list := []verb{
		{name: "volume export", before: [][]string{with}, bin: "pouch-vol", args: []string{"export", "-o", out, "kx"}, again: true},
		{name: "volume import", before: [][]string{{"pouch-vol", "create", "ki"}}, bin: "pouch-vol", args: []string{"import", "ki", s.Archive}, again: true, check: allOrNothing},
		{name: "volume export mounted", before: [][]string{tmpfs}, bin: "pouch-vol", args: []string{"export", "-o", out, "kt"}, again: true},
		{name: "volume mount", before: [][]string{tmpfs}, bin: "pouch-vol", args: []string{"mount", "kt"}, again: true, check: unmounted},
		{name: "volume unmount", before: [][]string{tmpfs, {"pouch-vol", "mount", "kt"}}, bin: "pouch-vol", args: []string{"unmount", "kt"}, again: true, check: unmounted},
		{
			name: "run subpath", before: [][]string{with}, again: true,
			args: []string{"run", "--rm", "--name", victim, "--network", "none", "--mount", "type=volume,src=kx,dst=/x,volume-subpath=passwd", s.Image, "cat", "/x"},
		},
	}
	if _, err := exec.LookPath("lxcfs"); err != nil {
		t.Log("no lxcfs here: its verbs are left out")
		return list
	}
	up := []string{"run", "-d", "--name", victim, "--network", "none", "--lxcfs", "-m", "64m", s.Image, "sleep", "1000"}
	return append(list,
		verb{name: "run lxcfs", args: []string{"run", "--rm", "--name", victim, "--network", "none", "--lxcfs", "-m", "64m", s.Image, "cat", "/proc/meminfo"}, again: true},
		verb{name: "lxcfs remount", before: [][]string{up, {"dead lxcfs"}}, bin: "pouch-vol", args: []string{"lxcfs", "remount"}, again: true, check: remounted},
	)
}

// allOrNothing sees that what was imported is there as a whole or not at all.
func allOrNothing(t *testing.T, s *harness.Suite) {
	t.Helper()
	want := s.Sh("tar -tf " + s.Archive).Stdout
	got := s.Must(t, "pouch-run", "run", "--rm", "--network", "none", "-v", "ki:/ki:ro,nocopy", s.Image, "find", "/ki", "-mindepth", "1")
	whole := strings.Count(strings.TrimSpace(want), "\n") + 1
	if n := len(strings.Fields(got)); n != 0 && n < whole {
		t.Errorf("%d of %d files", n, whole)
	}
}

// unmounted ends what mount began, and sees that nothing is left of it.
func unmounted(t *testing.T, s *harness.Suite) {
	t.Helper()
	s.Must(t, "pouch-vol", "unmount", "kt")
	if at := s.Must(t, "pouch-vol", "inspect", "-f", "{{.Mountpoint}}", "kt"); strings.Contains(s.Sh("cat /proc/self/mounts").Stdout, at) {
		t.Errorf("%s is still mounted", at)
	}
}

// killLxcfs kills the suite's lxcfs.
func killLxcfs(t *testing.T, s *harness.Suite) {
	t.Helper()
	pid, err := strconv.Atoi(s.Must(t, "pouch-vol", "lxcfs", "status", "--format", "{{.Pid}}"))
	if err != nil {
		t.Fatal(err)
	}
	kill(t, pid)
}

// remounted sees that the container tells its limits once more.
func remounted(t *testing.T, s *harness.Suite) {
	t.Helper()
	s.Must(t, "pouch-vol", "lxcfs", "remount")
	if got := s.Must(t, "pouch-run", "exec", victim, "head", "-1", "/proc/meminfo"); !strings.Contains(got, " 65536 kB") {
		t.Errorf("%s", got)
	}
	s.Must(t, "pouch-run", "stop", "-t", "0", victim)
}
