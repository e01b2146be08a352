package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestLock: what was locked is pulled, whatever the tag means by then.
func TestLock(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img, other := busybox(t, registrytest.Kind{}), busybox(t, registrytest.Kind{Docker: true})
	ref := r.Host + "/locked:1"
	want := r.Push(t, "locked", "1", img).String()
	line := ref + " " + want + "\n"
	expect(t, 0, line, ``, "lock", ref)
	expect(t, 0, r.Host+"/locked@"+want+"\n", ``, "resolve", ref)
	c := command(t, "lock")
	c.Stdin = strings.NewReader("# ours\n" + line)
	if got := do(t, c); got.code != 0 || got.out != line {
		t.Errorf("from stdin: %+v", got)
	}
	expect(t, 1, ``, `(?i)unknown|not found`, "lock", ref, r.Host+"/locked:2")
	file := filepath.Join(t.TempDir(), "images.lock")
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Push(t, "locked", "1", other)
	expect(t, 1, ``, `locked:2 is not in the lock file`, "pull", "-q", "--locked", file, r.Host+"/locked:2")
	expect(t, 0, ref+"\n", ``, "pull", "-q", "--locked", file)
	expect(t, 0, img.ID().String()+" "+want+"\n", ``, "inspect", "-f", "{{.ID}} {{.Descriptor.Digest}}", ref)
	expect(t, 0, ref+"\n", ``, "pull", "-q", ref)
	expect(t, 0, other.Digest().String()+"\n", ``, "inspect", "-f", "{{.Descriptor.Digest}}", ref)
	expect(t, 0, ref+"\n", ``, "pull", "-q", "--locked", file, ref)
	expect(t, 0, want+"\n", ``, "inspect", "-f", "{{.Descriptor.Digest}}", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	expect(t, 1, ``, `requires at least 1 argument`, "pull", "-q")
	noLeases(t)
}

// TestTrace tells of mirrors without asking anybody.
func TestTrace(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "registries.conf")
	text := "[[registry]]\nlocation = \"far.example\"\n[[registry.mirror]]\nlocation = \"near.example/cache\"\ninsecure = true\n[[registry]]\nlocation = \"bad.example\"\nblocked = true\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	trace := func(args ...string) result {
		c := command(t, append([]string{"resolve", "--trace"}, args...)...)
		c.Env = append(c.Env, "CONTAINERS_REGISTRIES_CONF="+conf)
		return do(t, c)
	}
	want := "1 near.example/cache/app:1 mirror not verified\n2 far.example/app:1 registry verified\n"
	if got := trace("--format", "{{.Order}} {{.Reference}} {{.Kind}} {{.TLS}}", "far.example/app:1"); got.out != want {
		t.Errorf("%+v", got)
	}
	if got := trace("bad.example/app"); got.code != 77 || !strings.Contains(got.stderr, "blocks bad.example") {
		t.Errorf("%+v", got)
	}
}
