//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// installed runs `make install` of what is built, with a destination, and
// returns the folder below which the programs are.
func installed(t *testing.T, prefix string) string {
	t.Helper()
	tree, err := harness.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if suite.Bin != filepath.Join(tree, "bin") {
		t.Skip("the programs are not those of the tree")
	}
	dest := t.TempDir()
	// -o build: the programs are there, and are not to be built again.
	r := suite.Pouch("make", "-C", tree, "-s", "-o", "build", "install", "DESTDIR="+dest, "PREFIX="+prefix)
	if r.Code != 0 {
		t.Fatal(r)
	}
	return filepath.Join(dest, prefix)
}

// An installation is complete: it needs nothing of the tree it came from.
func TestInstalledTree(t *testing.T) {
	at := installed(t, "/usr/x")
	for dir, want := range map[string]string{
		"bin":                       "pouch-image pouch-net pouch-run pouch-shim pouch-vol",
		"libexec/pouch":             "containerd containerd-shim-pouch-v2 ctr pouch-init pouch-shim-delete runc",
		"../lib/firewalld/zones":    "pouch.xml",
		"../lib/firewalld/policies": "pouch-out.xml",
	} {
		if got := strings.Join(names(t, filepath.Join(at, dir)), " "); got != want {
			t.Errorf("%s holds %s, not %s", dir, got, want)
		}
	}
}

func TestInstalledTreeWorks(t *testing.T) {
	at := installed(t, "/usr")
	s := another(t)
	s.Bin = filepath.Join(at, "bin")
	s.Must(t, "pouch-image", "load", "-q", "-i", s.Archive)
	for _, runtime := range [][]string{nil, {"--runtime", "runc"}} {
		args := append(append([]string{"--rm"}, runtime...), "-v", "data:/data", s.Image, "hostname", "-i")
		if out := s.Must(t, "pouch-run", args...); !strings.Contains(out, ".") {
			t.Errorf("%v: no address: %q", args, out)
		}
	}
	s.Must(t, "pouch-vol", "rm", "data")
	pids := s.Engines()
	if len(pids) != 1 {
		t.Fatalf("engines: %v", pids)
	}
	if got := exe(t, pids[0]); got != filepath.Join(at, "libexec", "pouch", "containerd") {
		t.Errorf("the engine is %s", got)
	}
	if r := s.Settle("pouch-run", "gc", "--check"); r.Code != 0 {
		t.Error(r)
	}
	s.Must(t, "pouch-net", "rm", "bridge")
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		out = append(out, e.Name())
	}
	slices.Sort(out)
	return out
}

func exe(t *testing.T, pid int) string {
	t.Helper()
	path, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
