package registry

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.podman.io/image/v5/pkg/sysregistriesv2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// Short names are what registries.conf and its folder say, else docker.io's.
func TestFullNames(t *testing.T) {
	dir := home(t)
	conf(t, dir, "[aliases]\n\"tool\" = \"reg.example/team/tool\"\n\"a/b\" = \"reg.example/c\"\n\"none\" = \"\"\n")
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
		if got, err := FullNames(ref); !slices.Equal(got, []string{want}) || err != nil {
			t.Errorf("%s: %s, %v; want %s", ref, got, err, want)
		}
	}
	for _, ref := range []string{"", "BAD", "a b", strings.Repeat("a", 64)} {
		if got, err := FullNames(ref); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %q, %v", ref, got, err)
		}
	}
	conf(t, dir, "nonsense")
	if _, err := FullNames("tool"); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), filepath.Join(dir, "registries.conf")) {
		t.Errorf("broken registries.conf: %v", err)
	}
	if got, err := FullNames("reg.example/tool"); !slices.Equal(got, []string{"reg.example/tool:latest"}) || err != nil {
		t.Errorf("a full name needs no file: %s, %v", got, err)
	}
}

// A name without an alias is looked for in unqualified-search-registries, in their
// order, whatever short-name-mode is; an alias comes before.
func TestSearchedNames(t *testing.T) {
	dir := home(t)
	d := "sha256:" + strings.Repeat("a", 64)
	for _, mode := range []string{"", "permissive", "disabled", "enforcing"} {
		more := ""
		if mode != "" {
			more = fmt.Sprintf("short-name-mode = %q\n", mode)
		}
		conf(t, dir, "unqualified-search-registries = [\"one.example\", \"docker.io\", \"localhost:5\"]\n%s[aliases]\n\"tool\" = \"reg.example/team/tool\"\n\"none\" = \"\"\n", more)
		for ref, want := range map[string][]string{
			"tool:2":            {"reg.example/team/tool:2"},
			"b":                 {"one.example/b:latest", "docker.io/library/b:latest", "localhost:5/b:latest"},
			"a/b:1":             {"one.example/a/b:1", "docker.io/a/b:1", "localhost:5/a/b:1"},
			"none@" + d:         {"one.example/none@" + d, "docker.io/library/none@" + d, "localhost:5/none@" + d},
			"docker.io/b":       {"docker.io/library/b:latest"},
			"localhost/b":       {"localhost/b:latest"},
			"other.example/b:1": {"other.example/b:1"},
		} {
			if got, err := FullNames(ref); !slices.Equal(got, want) || err != nil {
				t.Errorf("mode %q: %s: %q, %v; want %q", mode, ref, got, err, want)
			}
		}
	}
}

// Registries are asked in turn until one has the image; in enforcing mode more than one
// is refused, with what to do, and nobody is asked.
func TestSearchedRegistries(t *testing.T) {
	var asked atomic.Int32
	first := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		asked.Add(1)
		upstream.ServeHTTP(w, q)
	}})
	closed := registrytest.Start(t, registrytest.Options{User: "joe", Password: "secret"})
	second := registrytest.Start(t, registrytest.Options{})
	img, other := small(t, registrytest.Kind{}), small(t, registrytest.Kind{Docker: true})
	first.Push(t, "both", "1", img)
	second.Push(t, "both", "1", other)
	second.Push(t, "team/tool", "1", img)
	dir := home(t)
	search := func(mode string, hosts ...string) {
		conf(t, dir, "unqualified-search-registries = [\"%s\"]\nshort-name-mode = %q\n", strings.Join(hosts, `", "`), mode)
	}
	for _, mode := range []string{"permissive", "disabled"} {
		search(mode, first.Host, "127.0.0.1:1", closed.Host, second.Host)
		for ref, want := range map[string]string{"both:1": first.Host + "/both:1", "team/tool:1": second.Host + "/team/tool:1"} {
			full, d, err := Resolve(t.Context(), ref, Options{})
			if full != want || d != img.Digest() || err != nil {
				t.Errorf("%s: resolve %s: %s %s %v", mode, ref, full, d, err)
			}
			if got, err := Pull(t.Context(), newMemory(), ref, Options{}, Watcher{}); err != nil || got.Digest != img.Digest() {
				t.Errorf("%s: pull %s: %v", mode, ref, err)
			}
		}
		_, err := Pull(t.Context(), newMemory(), "nobodys:1", Options{}, Watcher{})
		says(t, err, errs.Unavailable, "4 of unqualified-search-registries ("+filepath.Join(dir, "registries.conf")+")",
			first.Host+" answered 404", "127.0.0.1:1", closed.Host+" answered 401", second.Host+" answered 404")
	}
	search("permissive", first.Host, second.Host)
	_, err := Pull(t.Context(), newMemory(), "nobodys:1", Options{}, Watcher{})
	says(t, err, errs.NotFound, first.Host+" answered 404", second.Host+" answered 404")
	if got, err := Route("x:1", Options{}); err != nil || len(got) != 2 || got[0].Reference != first.Host+"/x:1" || got[1].Reference != second.Host+"/x:1" {
		t.Errorf("route: %v %v", got, err)
	}

	search("enforcing", first.Host, second.Host)
	asked.Store(0)
	_, err = Pull(t.Context(), newMemory(), "both:1", Options{}, Watcher{})
	says(t, err, errs.Invalid, "may be "+first.Host+"/both:1 or "+second.Host+"/both:1", "short-name-mode is enforcing", "write the full name")
	if n := asked.Load(); n > 0 {
		t.Errorf("a registry was asked %d times", n)
	}
	search("enforcing", second.Host)
	if got, err := Pull(t.Context(), newMemory(), "team/tool:1", Options{}, Watcher{}); err != nil || got.Digest != img.Digest() {
		t.Errorf("the only registry: %v", err)
	}
}

// What is damaged in one registry is not fetched from the next.
func TestSearchEndsAtDamage(t *testing.T) {
	home(t)
	conf(t, os.Getenv("HOME"), "unqualified-search-registries = [\"one.example\", \"two.example\"]\n")
	var names []string
	err := Try(t.Context(), "x", func(full string) error {
		names = append(names, full)
		return errs.New(errs.Corrupt, "its digest is another")
	})
	if !errs.Is(err, errs.Corrupt) || !slices.Equal(names, []string{"one.example/x:latest"}) {
		t.Errorf("%v after %v", err, names)
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
	if asked, err := Route("tool:1", Options{}); len(asked) != 1 || asked[0].Reference != full || err != nil {
		t.Errorf("route: %v %v", asked, err)
	}
	if got, err := Pull(t.Context(), newMemory(), "tool:1", Options{}, Watcher{}); err != nil || got.Digest != img.Digest() {
		t.Errorf("pull: %v", err)
	}
}
