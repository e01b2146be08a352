package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestSync: a repository goes to a folder, from there to another registry, and by
// a file from one registry to another; the digests stay.
func TestSync(t *testing.T) {
	a, b := registrytest.Start(t, registrytest.Options{}), registrytest.Start(t, registrytest.Options{})
	img, other := busybox(t, registrytest.Kind{}), busybox(t, registrytest.Kind{Docker: true})
	one := a.Push(t, "team/app", "1", img).String()
	two := a.Push(t, "team/app", "2-rc", other).String()
	dir := t.TempDir()
	src, at := "docker://"+a.Host+"/team/app", "dir:"+dir+"/app"
	plan := src + ":1 " + at + ":1\n" + src + ":2-rc " + at + ":2-rc\n"
	expect(t, 0, plan, ``, "sync", "--src", "docker", "--dest", "dir", "--dry-run", a.Host+"/team/app", dir)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("a dry run wrote %v", left)
	}
	done := src + ":1 " + at + ":1 " + one + "\n" + src + ":2-rc " + at + ":2-rc " + two + "\n"
	for range 2 {
		expect(t, 0, done, ``, "sync", "-q", "--src", "docker", "--dest", "dir", a.Host+"/team/app", dir)
	}
	expect(t, 0, `(?s)dir:.*`, ``, "sync", "-q", "--src", "dir", "--dest", "docker", dir, b.Host+"/mirror")
	expect(t, 0, "1\n2-rc\n", ``, "list-tags", b.Host+"/mirror/app")
	expect(t, 0, b.Host+"/mirror/app:1 "+one+"\n", ``, "lock", b.Host+"/mirror/app:1")

	file := filepath.Join(dir, "sync.yaml")
	text := a.Host + ":\n  tls-verify: false\n  images:\n    team/app: [\"1\"]\n  images-by-tag-regex:\n    team/app: ^2-\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, 0, `(?s).*`, ``, "sync", "-q", "--append-suffix", "-x", "--src", "yaml", "--dest", "docker", file, b.Host+"/all")
	expect(t, 0, "1-x\n2-rc-x\n", ``, "list-tags", b.Host+"/all/app")
	scoped := filepath.Join(dir, "scoped")
	expect(t, 0, `(?s).*`, ``, "sync", "-q", "--scoped", "--src", "yaml", "--dest", "dir", file, scoped)
	if _, err := os.Stat(filepath.Join(scoped, a.Host, "team", "app:2-rc", "manifest.json")); err != nil {
		t.Error(err)
	}

	// One that fails does not keep the others, when asked.
	text = a.Host + ":\n  images:\n    team/app: [\"0\", \"1\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, 1, ``, `(?i)app:0`, "sync", "-q", "--src", "yaml", "--dest", "docker", file, b.Host+"/some")
	expect(t, 1, src+":1 docker://"+b.Host+"/some/app:1 "+one+"\n", `(?i)app:0`, "sync", "-q", "--keep-going", "--src", "yaml", "--dest", "docker", file, b.Host+"/some")
	expect(t, 1, ``, `--src is docker, dir or yaml`, "sync", "--src", "x", "--dest", "dir", "a", dir)
	expect(t, 1, ``, `no image at`, "sync", "--src", "dir", "--dest", "docker", t.TempDir(), b.Host)
}
