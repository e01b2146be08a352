//go:build integration && amd64

package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// archiveVerbs are those that copy a container's files, and that exchange its
// image.
func archiveVerbs(s *harness.Suite, dir string) []verb {
	made := []string{"create", "--name", victim, "-v", "kv:/data", "--network", "none", s.Image, "sleep", "1000"}
	up := []string{"run", "-d", "--name", victim, "--network", "none", "--stop-signal", "KILL", s.Image, "sleep", "1000"}
	kept := []string{"run", "-d", "--name", victim, "-p", "127.0.0.1:18082:80", "-v", "kv:/data", "--stop-signal", "KILL", s.Image, "sleep", "1000"}
	checked := slices.Insert(slices.Clone(kept), len(kept)-3, "--health-cmd", "true", "--health-interval", "1h") // never in a test
	mark := []string{"exec", victim, "sh", "-c", "echo old >/root/mark; echo kept >/data/kept"}
	upgrade := func(trial string, more ...string) []string {
		return append([]string{"upgrade", "--timeout", trial, "--image", s.Image, victim}, more...)
	}
	return []verb{
		{name: "cp in", before: [][]string{up}, args: []string{"cp", s.Archive, victim + ":/tmp/in"}, again: true},
		{name: "cp out", before: [][]string{up}, args: []string{"cp", victim + ":/etc", dir + "/"}, again: true},
		{name: "cp in stopped", before: [][]string{made}, args: []string{"cp", s.Archive, victim + ":/data/in"}, again: true},
		{name: "cp out stopped", before: [][]string{made}, args: []string{"cp", victim + ":/etc", dir + "/"}, again: true},
		{name: "export", before: [][]string{made}, args: []string{"export", "-o", filepath.Join(dir, "export.tar"), victim}, again: true},
		{name: "diff", before: [][]string{up}, args: []string{"diff", victim}, again: true},
		{name: "commit", before: [][]string{up}, args: []string{"commit", victim, "committed:1"}, again: true, check: uncommitted},
		{name: "commit stopped", before: [][]string{made}, args: []string{"commit", victim, "committed:1"}, again: true, check: uncommitted},
		{name: "image of a commit", before: [][]string{made}, bin: "pouch-image", args: []string{"commit", "ID", "committed:1"}, again: true, check: uncommitted},
		{name: "upgrade", before: [][]string{kept, mark}, args: upgrade("200ms"), again: true, check: oldOrNew},
		{name: "upgrade stopped", before: [][]string{made}, args: upgrade("200ms"), again: true},
		{name: "upgrade taken back", before: [][]string{kept, mark}, args: upgrade("600s", "false"), code: 1, again: true, check: oldAgain},
		{name: "gc of an upgrade", before: [][]string{checked, mark, {"cut"}}, args: []string{"gc"}, again: true, check: oldOrNew},
	}
}

// uncommitted removes the image that was made, if it was.
func uncommitted(t *testing.T, s *harness.Suite) {
	t.Helper()
	if s.Pouch("pouch-image", "inspect", "committed:1").Code == 0 {
		s.Must(t, "pouch-run", "run", "--rm", "--network", "none", "committed:1", "true")
		s.Must(t, "pouch-image", "rm", "-f", "committed:1")
	}
}

// oldOrNew fails t unless the container runs, with the old root or with a new
// one, with its volume and at its address.
func oldOrNew(t *testing.T, s *harness.Suite) { t.Helper(); upgraded(t, s, true) }

// oldAgain fails t unless it is the old container that runs.
func oldAgain(t *testing.T, s *harness.Suite) { t.Helper(); upgraded(t, s, false) }

func upgraded(t *testing.T, s *harness.Suite, mayBeNew bool) {
	t.Helper()
	r := s.Pouch("pouch-run", "exec", victim, "sh", "-c", "cat /data/kept; cat /root/mark || echo new")
	words := strings.Fields(r.Stdout)
	if r.Code != 0 || len(words) != 2 || words[0] != "kept" || words[1] != "old" && (!mayBeNew || words[1] != "new") {
		t.Errorf("the container after the upgrade: %v", r)
	}
	if port := s.Must(t, "pouch-run", "port", victim); port != "80/tcp -> 127.0.0.1:18082" {
		t.Errorf("its port: %s", port)
	}
	if n := strings.Count(s.Must(t, "ctr", "--address", filepath.Join(s.RunRoot, "containerd", "containerd.sock"), "-n", "pouch", "snapshots", "ls"), "Active"); n != 1 {
		t.Errorf("%d roots of one container", n)
	}
}

// cutUpgrade begins an upgrade and kills it in the trial of the new container.
func cutUpgrade(t *testing.T, s *harness.Suite) {
	t.Helper()
	c := s.Cmd("pouch-run", "upgrade", "--timeout", "600s", "--image", s.Image, victim)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, harness.CommandTimeout, "the trial", func() bool {
		return s.Pouch("pouch-run", "exec", victim, "sh", "-c", "! test -e /root/mark").Code == 0
	})
	c.Process.Kill()
	c.Wait()
}
