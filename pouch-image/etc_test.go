package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// withEtc runs a command in a mount namespace of its own where /etc/containers is dir.
func withEtc(t *testing.T, dir string, args ...string) result {
	t.Helper()
	if _, err := os.Stat("/etc/containers"); err != nil {
		t.Skip("there is no /etc/containers to mount over")
	}
	c := command(t, args...)
	program, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("needs unshare(1)")
	}
	c.Args = append([]string{"unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/containers && exec "$@"`, dir, c.Path}, c.Args[1:]...)
	c.Path = program
	return do(t, c)
}

// The machine's own certs.d, registries.conf.d and policy.json count.
func TestEtcContainers(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{TLS: true})
	r.Push(t, "library/etc", "1", busybox(t, registrytest.Kind{}))
	ref := r.Host + "/library/etc:1"
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pull := func(code int, stderr, ref string) {
		t.Helper()
		got := withEtc(t, dir, "pull", "-q", "--tls-verify", ref)
		if got.code != code || !matches(stderr, got.stderr) {
			t.Errorf("pull %s: %+v, want %d, %q", ref, got, code, stderr)
		}
	}
	pull(77, `certificate`, ref)
	ca, err := os.ReadFile(filepath.Join(r.CertDir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	write("certs.d/"+r.Host+"/ca.crt", ca)
	pull(0, ``, ref)
	write("registries.conf.d/cache.conf", []byte(`registry = [{location="docker.io", mirror=[{location="`+r.Host+`"}]}]`))
	pull(0, ``, "etc:1")
	write("registries.conf.d/cache.conf", []byte("[[registry]]\nlocation=\""+r.Host+"\"\nblocked=true\n"))
	pull(77, `blocked`, ref)
	write("registries.conf.d/cache.conf", nil)
	write("policy.json", []byte(`{"default":[{"type":"reject"}]}`))
	pull(77, `signature policy`, ref)
	expect(t, 0, `(?s).*`, ``, "rm", ref, "etc:1")
	noLeases(t)
}
