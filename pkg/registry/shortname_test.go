package registry

import (
	"path/filepath"
	"strings"
	"testing"

	"go.podman.io/image/v5/pkg/sysregistriesv2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// Short names are what registries.conf and its folder say, else docker.io's.
func TestFullName(t *testing.T) {
	dir := home(t)
	conf(t, dir, "unqualified-search-registries = [\"search.example\"]\nshort-name-mode = \"enforcing\"\n[aliases]\n\"tool\" = \"reg.example/team/tool\"\n\"a/b\" = \"reg.example/c\"\n\"none\" = \"\"\n")
	d := "sha256:" + strings.Repeat("a", 64)
	for ref, want := range map[string]string{
		"tool":             "reg.example/team/tool:latest",
		"tool:1":           "reg.example/team/tool:1",
		"tool@" + d:        "reg.example/team/tool@" + d,
		"a/b:2":            "reg.example/c:2",
		"b":                "docker.io/library/b:latest",
		"none:1":           "docker.io/library/none:1",
		"library/tool":     "docker.io/library/tool:latest",
		"docker.io/tool":   "docker.io/library/tool:latest",
		"localhost/tool":   "localhost/tool:latest",
		"localhost:5/tool": "localhost:5/tool:latest",
		"h.example/a/b":    "h.example/a/b:latest",
	} {
		if got, err := FullName(ref); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", ref, got, err, want)
		}
	}
	for _, ref := range []string{"", "BAD", "a b", strings.Repeat("a", 64)} {
		if got, err := FullName(ref); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %q, %v", ref, got, err)
		}
	}
	conf(t, dir, "nonsense")
	if _, err := FullName("tool"); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), filepath.Join(dir, "registries.conf")) {
		t.Errorf("broken registries.conf: %v", err)
	}
	if got, err := FullName("reg.example/tool"); got != "reg.example/tool:latest" || err != nil {
		t.Errorf("a full name needs no file: %s, %v", got, err)
	}
}

// What shortnames.conf of registries.conf.d says is pulled, resolved and locked.
func TestShortName(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := small(t, registrytest.Kind{})
	r.Push(t, "team/tool", "1", img)
	dir := home(t)
	put(t, filepath.Join(dir, ".config", "containers", "registries.conf.d", "000-shortnames.conf"), "[aliases]\n\"tool\" = \""+r.Host+"/team/tool\"\n")
	t.Setenv("CONTAINERS_REGISTRIES_CONF", "")
	sysregistriesv2.InvalidateCache()
	t.Cleanup(sysregistriesv2.InvalidateCache)
	full := r.Host + "/team/tool:1"
	if got, d, err := Resolve(t.Context(), "tool:1", Options{}); got != full || d != img.Digest() || err != nil {
		t.Errorf("resolve: %s %s %v", got, d, err)
	}
	if got, asked, err := Route("tool:1", Options{}); got != full || len(asked) != 1 || asked[0].Reference != full || err != nil {
		t.Errorf("route: %s %v %v", got, asked, err)
	}
	if got, err := Pull(t.Context(), newMemory(), "tool:1", Options{}, Watcher{}); err != nil || got.Digest != img.Digest() {
		t.Errorf("pull: %v", err)
	}
}
