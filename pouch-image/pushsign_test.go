package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// toldEvents returns the actions of images since a time with what they name.
func toldEvents(t *testing.T, since time.Time) (out []string) {
	t.Helper()
	s, err := state()
	if err != nil {
		t.Fatal(err)
	}
	err = events.Read(t.Context(), s, events.ReadOptions{Since: since, Until: time.Now()}, func(e *record.Event) error {
		out = append(out, e.Type+" "+e.Action+" "+e.Attributes["name"]+" "+e.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPushSigned: what is pushed can be signed on the way, by gpg and with a sigstore key.
func TestPushSigned(t *testing.T) {
	gpg, fingerprint, public := gpgHome(t, "secret")
	img := pulled(t, "pushed:1", registrytest.Kind{})
	want := img.Digest().String() + "\n"
	r := registrytest.Start(t, registrytest.Options{})
	etc, dir := t.TempDir(), t.TempDir()
	pass, ours := filepath.Join(dir, "pass"), filepath.Join(dir, "ours")
	d := filepath.Join(etc, "registries.d")
	if err := os.MkdirAll(d, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		pass:                         "secret\n",
		filepath.Join(d, "one.yaml"): fmt.Sprintf("default-docker: {lookaside: 'file://%s/sigs', lookaside-staging: 'file://%s/sigs'}\n", dir, dir),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GNUPGHOME", gpg)
	in := func(code int, out, stderr string, args ...string) {
		t.Helper()
		got := withEtc(t, etc, args...)
		if got.code != code || got.out != out || !matches(stderr, got.stderr) {
			t.Errorf("pouch-image %s: %+v, want exit %d, %q, %q", strings.Join(args, " "), got, code, out, stderr)
		}
	}
	since := time.Now()
	ref := r.Host + "/gpg/pushed:1"
	in(1, "", `(?i)sign by `+fingerprint, "push", "-q", "--sign-by", fingerprint, "pushed:1", ref)
	in(77, "", `(?i)signature`, "verify", "--gpg-key", public, "docker://"+ref)
	in(0, want, ``, "push", "-q", "--sign-by", fingerprint, "--sign-passphrase-file", pass, "pushed:1", ref)
	in(0, want, ``, "verify", "--gpg-key", public, "docker://"+ref)

	in(0, ours+".private\n"+ours+".pub\n", ``, "generate-sigstore-key", "--output-prefix", ours, "--passphrase-file", pass)
	ref = r.Host + "/sigstore/pushed:1"
	in(0, want, ``, "push", "-q", "--sign-by-sigstore-private-key", ours+".private", "--sign-passphrase-file", pass, "pushed:1", ref)
	in(0, want, ``, "verify", "--key", ours+".pub", "docker://"+ref)
	open := filepath.Join(dir, "open") // a key whose passphrase is empty
	in(0, open+".private\n"+open+".pub\n", ``, "generate-sigstore-key", "--output-prefix", open)
	in(0, want, ``, "push", "-q", "--sign-by-sigstore-private-key", open+".private", "pushed:1", ref)
	in(0, want, ``, "verify", "--key", open+".pub", "docker://"+ref)
	id := img.ID().String()
	heard := toldEvents(t, since)
	for _, e := range []string{"image push " + r.Host + "/gpg/pushed:1 " + id, "image push " + ref + " " + id} {
		if !slices.Contains(heard, e) {
			t.Errorf("no event %q in %q", e, heard)
		}
	}
	in(0, "Untagged: pushed:1\nDeleted: "+id+"\n", ``, "rm", "pushed:1")
	noLeases(t)
}
