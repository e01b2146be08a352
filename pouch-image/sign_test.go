package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestSign: what is signed can be verified with its key and with no other, also by
// a pull's policy.
func TestSign(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	want := r.Push(t, "signed", "1", img).String()
	r.Push(t, "plain", "1", img)
	ref := "docker://" + r.Host + "/signed:1"
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, 0, ours+".private\n"+ours+".pub\n", ``, "generate-sigstore-key", "--output-prefix", ours, "--passphrase-file", pass)
	expect(t, 1, ``, `ours.private exists already`, "generate-sigstore-key", "--output-prefix", ours)
	expect(t, 0, `(?s).*`, ``, "generate-sigstore-key", "--output-prefix", theirs)
	if st, err := os.Stat(ours + ".private"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v %v", st, err)
	}
	expect(t, 77, ``, `(?i)signature`, "verify", "--key", ours+".pub", ref)
	expect(t, 1, ``, `(?i)decrypt|passphrase`, "sign", "--key", ours+".private", ref)
	expect(t, 0, want+"\n", ``, "sign", "--key", ours+".private", "--passphrase-file", pass, ref)
	expect(t, 0, want+"\n", ``, "verify", "--key", ours+".pub", ref)
	expect(t, 65, ``, `its digest is `+want, "verify", "--key", ours+".pub", "--digest", "sha256:1", ref)
	expect(t, 77, ``, `(?i)signature`, "verify", "--key", theirs+".pub", ref)
	expect(t, 77, ``, `(?i)signature`, "verify", "--key", ours+".pub", "docker://"+r.Host+"/plain:1")
	expect(t, 1, ``, `no such file`, "verify", "--key", dir+"/nosuch.pub", ref)
	expect(t, 1, ``, `only an image in a registry`, "sign", "--key", ours+".private", "dir:"+dir)
	if s, err := state(); err != nil {
		t.Error(err)
	} else if left, _ := os.ReadDir(filepath.Join(s.Root, "tmp")); len(left) > 0 {
		t.Errorf("temporary folders left: %v", left)
	}
}

// TestVerify reads what is here.
func TestVerify(t *testing.T) {
	img := pulled(t, "verified:1", registrytest.Kind{})
	expect(t, 0, img.Digest().String()+"\n", ``, "verify", "verified:1")
	expect(t, 1, ``, `has no signatures`, "verify", "--key", "x", "verified:1")
	if err := os.Remove(blobFile(t, img.Digest())); err != nil {
		t.Fatal(err)
	}
	if r := pouch(t, "verify", "verified:1"); r.code == 0 {
		t.Errorf("without a manifest: %+v", r)
	}
	expect(t, 0, `(?s).*pull it again: verified:1\n`, ``, "fsck", "--repair")
}
