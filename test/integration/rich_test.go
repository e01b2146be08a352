//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// A rich container with systemd: the image's own is process 1, has cgroups of its
// own to keep units in, runs the container's command as one, and goes down when
// it is told to.
func TestRichSystemd(t *testing.T) {
	s := start(t)
	if _, err := harness.Image("systemd"); err != nil {
		t.Skipf("scripts/test-images systemd: %v", err)
	}
	image := load(t, s, "systemd")
	t.Run("as root", func(t *testing.T) { richSystemd(t, s, image) })
	t.Run("in a user namespace", func(t *testing.T) { richSystemd(t, s, image, "--userns", "auto") })
}

func richSystemd(t *testing.T, s *harness.Suite, image string, flags ...string) {
	out := t.TempDir()
	if err := os.Chmod(out, 0o777); err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"-d", "--name", "rich", "--network", "none", "--rich", "--rich-mode", "systemd", "-u", "33", "-w", "/var",
		"-e", "WORD=50% \"of $it\"", "-v", out + ":/out",
	}, flags...)
	s.Must(t, "pouch-run", append(args, image, "sh", "-c", `id -u >/out/got; pwd >>/out/got; printf '%s\n' "$WORD" >>/out/got; exec sleep 1000`)...)
	must := func(args ...string) string {
		return s.Must(t, "pouch-run", append([]string{"exec", "rich"}, args...)...)
	}
	await(t, 90*time.Second, "the system to be up", func() bool {
		state := s.Pouch("pouch-run", "exec", "rich", "systemctl", "is-system-running").Stdout
		return strings.Contains(state, "running") || strings.Contains(state, "degraded")
	})
	if failed := must("systemctl", "--failed", "--no-legend"); failed != "" {
		t.Errorf("units failed: %s", failed)
	}
	if state := must("systemctl", "is-active", "pouch-command"); state != "active" {
		t.Errorf("the command is %s", state)
	}
	// A unit is active before its command has come to anything.
	await(t, time.Minute, "the command's sleep", func() bool { return s.Pouch("pouch-run", "exec", "rich", "ps", "-C", "sleep").Code == 0 })
	if who := must("ps", "-o", "user=,cgroup=", "-C", "sleep"); !strings.HasPrefix(who, "www-data") || !strings.Contains(who, "/system.slice/pouch-command.service") {
		t.Errorf("the command runs as %s", who)
	}
	if virt := must("systemd-detect-virt", "-c"); virt == "none" {
		t.Error("systemd does not know that it is in a container")
	}
	got, err := os.ReadFile(filepath.Join(out, "got"))
	if want := "33\n/var\n50% \"of $it\"\n"; err != nil || string(got) != want {
		t.Errorf("the command said %q, %v, want %q", got, err, want)
	}
	must("systemctl", "start", "systemd-tmpfiles-clean.service")
	s.Must(t, "pouch-run", "stop", "-t", "300", "rich")
	if code := s.Must(t, "pouch-run", "inspect", "-f", "{{.State.ExitCode}}", "rich"); code == "137" {
		t.Error("it was killed: it did not go down")
	}
	s.Must(t, "pouch-run", "start", "rich")
	await(t, 90*time.Second, "the command again", func() bool {
		return s.Pouch("pouch-run", "exec", "rich", "systemctl", "is-active", "pouch-command").Code == 0
	})
	s.Must(t, "pouch-run", "rm", "-f", "rich")
}
