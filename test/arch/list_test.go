// Package arch tests the house rules: which package may import which, who owns
// an outside library, what a binary links, how code is written. It reads the
// tree; it runs nothing of it.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const (
	module = "github.com/pouchcontainer/pouch/"
	tags   = "no_btrfs no_devmapper no_zfs no_tracing urfave_cli_no_docs containers_image_openpgp exclude_graphdriver_btrfs seccomp netgo osusergo"
)

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Deps       []string
	Standard   bool
	Module     *struct{ Path string }
}

// path is the package's path inside the tree.
func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, module) }

// own reports whether path is of this module.
func own(path string) bool { return strings.HasPrefix(path, module) }

// list runs `go list` with patterns relative to the tree.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	c := exec.Command("go", append([]string{"list", "-e", "-tags", tags, "-json=ImportPath,Dir,Name,GoFiles,CgoFiles,Imports,Deps,Standard,Module"}, args...)...)
	c.Dir = "../.."
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", c, err, stderr.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// production lists the packages that end up in a binary of Pouch.
func production(t *testing.T) []pkg {
	t.Helper()
	var out []pkg
	for _, p := range list(t, "./...") {
		if !strings.HasPrefix(p.path(), "test/") && !strings.HasPrefix(p.path(), "internal/") && !strings.HasSuffix(p.path(), "test") {
			out = append(out, p)
		}
	}
	if len(out) < 5 {
		t.Fatalf("only %d packages found", len(out))
	}
	return out
}

// owner is the folder that answers for a package: pkg/<name> or the binary's.
func owner(path string) string {
	f := strings.Split(path, "/")
	if f[0] == "pkg" && len(f) > 1 {
		return f[0] + "/" + f[1]
	}
	return f[0]
}
