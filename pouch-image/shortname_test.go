package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestShortNames: a short name with an alias means the alias in every verb, and one without
// docker.io. --missing asks nobody for what is here.
func TestShortNames(t *testing.T) {
	var asked atomic.Int32
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		asked.Add(1)
		upstream.ServeHTTP(w, q)
	}})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "team/tool", "1", img)
	full, etc, file := r.Host+"/team/tool:1", t.TempDir(), filepath.Join(t.TempDir(), "x")
	conf := filepath.Join(etc, "registries.conf.d", "shortnames.conf")
	if err := os.MkdirAll(filepath.Dir(conf), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte("[aliases]\n\"tool\" = \""+r.Host+"/team/tool\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in := func(code int, out, stderr string, args ...string) {
		t.Helper()
		got := withEtc(t, etc, args...)
		if got.code != code || got.out != out || !matches(stderr, got.stderr) {
			t.Errorf("pouch-image %s: %+v, want exit %d, %q, %q", strings.Join(args, " "), got, code, out, stderr)
		}
	}
	id := img.ID().String() + "\n"
	in(0, full+"\n", `Unable to find image 'tool:1' locally`, "pull", "--missing", "tool:1")
	asked.Store(0)
	in(0, full+"\n", ``, "pull", "--missing", "tool:1")
	if n := asked.Load(); n > 0 {
		t.Errorf("--missing asked %d times for what is here", n)
	}
	in(1, "", `--missing and --locked`, "pull", "--missing", "--locked", file)
	in(0, id, ``, "inspect", "-f", "{{.ID}}", "tool:1")
	in(0, "", ``, "exists", "tool:1")
	in(1, "", ``, "exists", "tool:2")
	expect(t, 1, ``, `no such image: tool:1`, "inspect", "-f", "{{.ID}}", "tool:1") // without the file
	in(0, "", ``, "tag", "tool:1", "own:1")
	in(0, img.Digest().String()+"\n", ``, "push", "-q", "tool:1") // to where it is from
	in(0, r.Host+"/team/tool@"+img.Digest().String()+"\n", ``, "resolve", "tool:1")

	c := command(t, "lock", "tool:1")
	c.Env = append(c.Env, "CONTAINERS_REGISTRIES_CONF="+conf)
	locked := do(t, c)
	if want := full + " " + img.Digest().String() + "\n"; locked.out != want {
		t.Errorf("lock: %+v, want %q", locked, want)
	}
	if err := os.WriteFile(file, []byte(locked.out), 0o644); err != nil {
		t.Fatal(err)
	}
	in(0, full+"\n", ``, "pull", "-q", "--locked", file, "tool:1")

	in(0, "", ``, "save", "-o", file+".tar", "tool:1")
	in(0, "Untagged: "+full+"\n", ``, "rm", "tool:1") // and no other name of it
	expect(t, 0, "Loaded image: "+full+"\n", ``, "load", "-q", "-i", file+".tar")
	in(0, "", ``, "untag", "tool:1", "tool:1")
	expect(t, 0, id, ``, "inspect", "-f", "{{.ID}}", "own:1")
	expect(t, 0, "Untagged: own:1\nDeleted: "+id, ``, "rm", "own:1")
	noLeases(t)
}

// TestSearchedNames: a short name without an alias is looked for in the registries that
// registries.conf lists; every verb then finds the image by it.
func TestSearchedNames(t *testing.T) {
	first, second := registrytest.Start(t, registrytest.Options{}), registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	second.Push(t, "team/tool", "1", img)
	full, conf, list := second.Host+"/team/tool:1", filepath.Join(t.TempDir(), "registries.conf"), filepath.Join(t.TempDir(), "images.lock")
	search := func(mode string) {
		t.Helper()
		text := "unqualified-search-registries = [\"" + first.Host + "\", \"" + second.Host + "\"]\nshort-name-mode = \"" + mode + "\"\n"
		if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := func(code int, out, stderr string, args ...string) {
		t.Helper()
		c := command(t, args...)
		c.Env = append(c.Env, "CONTAINERS_REGISTRIES_CONF="+conf)
		got := do(t, c)
		if got.code != code || got.out != out || !matches(stderr, got.stderr) {
			t.Errorf("pouch-image %s: %+v, want exit %d, %q, %q", strings.Join(args, " "), got, code, out, stderr)
		}
	}
	search("permissive")
	in(0, full+"\n", ``, "pull", "-q", "team/tool:1")
	in(0, full+"\n", ``, "pull", "-q", "--missing", "team/tool:1")
	in(0, img.ID().String()+"\n", ``, "inspect", "-f", "{{.ID}}", "team/tool:1")
	in(0, second.Host+"/team/tool@"+img.Digest().String()+"\n", ``, "resolve", "team/tool:1")
	in(0, first.Host+"/team/tool:1\n"+full+"\n", ``, "resolve", "--trace", "--format", "{{.Reference}}", "team/tool:1")
	in(1, "", `2 of unqualified-search-registries .*`+first.Host+` answered 404.*`+second.Host+` answered 404`, "pull", "-q", "team/none:1")

	c := command(t, "lock")
	c.Env, c.Stdin = append(c.Env, "CONTAINERS_REGISTRIES_CONF="+conf), strings.NewReader("team/tool:1\nteam/tool:1\n")
	locked := do(t, c)
	if want := full + " " + img.Digest().String() + "\n"; locked.out != want {
		t.Errorf("lock: %+v, want %q", locked, want)
	}
	if err := os.WriteFile(list, []byte(locked.out), 0o644); err != nil {
		t.Fatal(err)
	}
	in(0, full+"\n", ``, "pull", "-q", "--locked", list, "team/tool:1")
	in(0, "", ``, "untag", "team/tool:1", "team/tool:1")
	in(0, full+"\n", ``, "pull", "-q", "team/tool:1")
	in(0, "", ``, "exists", "team/tool:1")
	c = command(t, "rm", "team/tool:1")
	c.Env = append(c.Env, "CONTAINERS_REGISTRIES_CONF="+conf)
	if got := do(t, c); !strings.HasPrefix(got.out, "Untagged: "+full+"\n") {
		t.Errorf("rm: %+v", got)
	}
	in(1, "", ``, "exists", "team/tool:1")

	search("enforcing")
	in(1, "", `may be `+first.Host+`/team/tool:1 or `+full+`.*short-name-mode is enforcing: write the full name`, "pull", "-q", "team/tool:1")
	in(1, "", `short-name-mode is enforcing`, "resolve", "--trace", "team/tool:1")
	noLeases(t)
}
