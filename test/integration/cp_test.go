//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// CVE-2018-15664: a process of the container swaps a folder with a link to a
// folder of the host as fast as it can, while files are copied both ways.
// Nothing of the host comes out, and nothing is written there.
func TestCopyRace(t *testing.T) {
	s := start(t)
	host, err := s.Scratch("tripwire")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(host)
	if err := os.WriteFile(filepath.Join(host, "f"), []byte("secret of the host"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Must(t, "pouch-run", "run", "-d", "--name", "racer", "--network", "none", s.Image, "sh", "-c",
		"mkdir -p /a/d; echo own >/a/d/f; ln -s "+host+" /a/l; touch /ready; cd /a; while :; do mv d x; mv l d; mv d l; mv x d; done")
	if !await(t, harness.CommandTimeout, "the racer", func() bool { return s.Pouch("pouch-run", "exec", "racer", "test", "-e", "/ready").Code == 0 }) {
		return
	}
	out := t.TempDir()
	planted := filepath.Join(out, "planted")
	if err := os.WriteFile(planted, []byte("planted"), 0o600); err != nil {
		t.Fatal(err)
	}
	var copied int
	for i := range 60 {
		var wg sync.WaitGroup
		got := filepath.Join(out, "got")
		results := make([]harness.Result, 3)
		for n, args := range [][]string{
			{"cp", "-L", "racer:/a/d", got}, {"cp", "racer:/a/d/f", got + "-f"}, {"cp", planted, "racer:/a/d/p"},
		} {
			wg.Go(func() { results[n] = s.Pouch("pouch-run", args...) })
		}
		wg.Wait()
		for _, r := range results[:2] {
			if r.Code == 0 {
				copied++
			}
		}
		for _, f := range []string{got + "/f", got + "-f"} {
			if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), "secret") {
				t.Fatalf("round %d: %s came out of the host", i, f)
			}
		}
		if err := os.RemoveAll(got); err != nil {
			t.Fatal(err)
		}
		os.Remove(got + "-f")
		if names, err := os.ReadDir(host); err != nil || len(names) != 1 {
			t.Fatalf("round %d: on the host: %v, %v", i, names, err)
		}
	}
	if copied == 0 {
		t.Error("nothing was ever copied: the race was none")
	}
	if b, err := os.ReadFile(filepath.Join(host, "f")); err != nil || string(b) != "secret of the host" {
		t.Errorf("the host's file: %q, %v", b, err)
	}
}

// Copies into and out of one container at once, whole and stopped, wait for each
// other and all succeed; a start waits for a copy and follows it.
func TestCopyTogether(t *testing.T) {
	s := start(t)
	s.Must(t, "pouch-run", "create", "--name", "shared", "--network", "none", "-v", "kv:/data", s.Image, "sleep", "1000")
	var wg sync.WaitGroup
	results := make([]harness.Result, 7)
	for n := range 6 {
		wg.Go(func() { results[n] = s.Pouch("pouch-run", "cp", s.Archive, "shared:/data/"+string(rune('a'+n))) })
	}
	wg.Go(func() { results[6] = s.Pouch("pouch-run", "start", "shared") })
	wg.Wait()
	for _, r := range results {
		if r.Code != 0 {
			t.Errorf("%v", r)
		}
	}
	want, err := os.Stat(s.Archive)
	if err != nil {
		t.Fatal(err)
	}
	sizes := s.Must(t, "pouch-run", "exec", "shared", "sh", "-c", "cat /data/? | wc -c")
	if n := 6 * want.Size(); strings.TrimSpace(sizes) != fmt.Sprint(n) {
		t.Errorf("%s bytes arrived, %d were sent", sizes, n)
	}
}
