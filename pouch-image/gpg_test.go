package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// gpgHome is a GNUPGHOME with one key, protected by the passphrase. Its path is short
// because the agent's socket is in it.
func gpgHome(t *testing.T, passphrase string) (home, fingerprint, public string) {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("needs gpg")
	}
	home, err := os.MkdirTemp("/tmp", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		c := exec.Command(args[0], args[1:]...)
		c.Env = append(os.Environ(), "GNUPGHOME="+home)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return string(out)
	}
	t.Cleanup(func() {
		run("gpgconf", "--kill", "all")
		os.RemoveAll(home)
	})
	run("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--quick-gen-key", "pouch@example.test", "ed25519", "sign", "never")
	list := run("gpg", "--batch", "--with-colons", "--list-keys")
	found := regexp.MustCompile(`(?m)^fpr:+([0-9A-F]{40}):`).FindStringSubmatch(list)
	if found == nil {
		t.Fatal(list)
	}
	public = filepath.Join(home, "public.asc")
	run("gpg", "--batch", "--armor", "--output", public, "--export")
	return home, found[1], public
}

// TestGPG: what gpg has signed lies where registries.d says, and is accepted with its
// key and with no other, also by the policy of a pull. A second signature leaves the
// first.
func TestGPG(t *testing.T) {
	home, key, public := gpgHome(t, "secret")
	otherHome, otherKey, otherPublic := gpgHome(t, "")
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	want := r.Push(t, "signed", "1", img).String()
	r.Push(t, "plain", "1", img)
	ref := r.Host + "/signed:1"
	etc, signatures, pass := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "pass")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(pass, "secret\n")
	write(filepath.Join(etc, "registries.d", "test.yaml"), fmt.Sprintf("default-docker: {lookaside: 'file://%s', lookaside-staging: 'file://%s'}\n", signatures, signatures))
	in := func(home string, code int, out, stderr string, args ...string) {
		t.Helper()
		t.Setenv("GNUPGHOME", home)
		got := withEtc(t, etc, args...)
		if got.code != code || got.out != out || !matches(stderr, got.stderr) {
			t.Errorf("pouch-image %s: %+v, want exit %d, %q, %q", strings.Join(args, " "), got, code, out, stderr)
		}
	}
	in(home, 77, "", `(?i)signature`, "verify", "--gpg-key", public, "docker://"+ref)
	in(home, 1, "", key, "sign", "--by", key, "docker://"+ref) // its passphrase nobody told
	in(home, 0, want+"\n", ``, "sign", "--by", key, "--passphrase-file", pass, "docker://"+ref)
	in(home, 0, want+"\n", ``, "verify", "--gpg-key", public, "docker://"+ref)
	in(home, 77, "", `(?i)signature`, "verify", "--gpg-key", otherPublic, "docker://"+ref)
	in(otherHome, 1, "", key, "sign", "--by", key, "docker://"+ref) // not its key
	in(otherHome, 0, want+"\n", ``, "sign", "--by", otherKey, "docker://"+ref)
	for _, p := range []string{public, otherPublic} {
		in(home, 0, want+"\n", ``, "verify", "--gpg-key", p, "docker://"+ref)
	}
	write(filepath.Join(etc, "policy.json"), fmt.Sprintf(`{"default":[{"type":"reject"}],"transports":{"docker":{%q:[{"type":"signedBy","keyType":"GPGKeys","keyPath":%q}]}}}`, r.Host, public))
	in(home, 77, "", `(?i)signature`, "pull", "-q", r.Host+"/plain:1")
	in(home, 0, ref+"\n", ``, "pull", "-q", ref)
	in(otherHome, 0, want+"\n", ``, "copy", "-q", "--remove-signatures", "--sign-by", otherKey, "docker://"+ref, "docker://"+r.Host+"/copied:1")
	expect(t, 1, ``, `only made for an image in a registry`, "copy", "--sign-by", key, "docker://"+ref, "dir:"+t.TempDir())
	expect(t, 0, `(?s).*`, ``, "rm", ref)
}
