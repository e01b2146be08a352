package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// blobFile is where the tests' engine has a blob.
func blobFile(t *testing.T, d digest.Digest) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(base, "l", "*", "*", "io.containerd.content.v1.content", "blobs", "sha256", d.Encoded()))
	if err == nil && len(found) == 0 {
		found, err = filepath.Glob(filepath.Join(base, "l", "*", "io.containerd.content.v1.content", "blobs", "sha256", d.Encoded()))
	}
	if err != nil || len(found) != 1 {
		t.Fatalf("blob %s: %v %v", d, found, err)
	}
	return found[0]
}

// TestFsck finds blobs that changed or went, and removes with them what needs
// them; a new pull makes it whole.
func TestFsck(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "fsck", "1", img)
	ref := r.Host + "/fsck:1"
	sum := `\d+ images, \d+ blobs, [^\n]*\n`
	for _, harm := range []struct {
		what string
		do   func(path string) error
	}{
		{"has another digest|content's digest is", func(path string) error {
			if err := os.Chmod(path, 0o600); err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt([]byte("x"), 100)
			return err
		}},
		{"not found|no such file|missing", os.Remove},
	} {
		expect(t, 0, ref+"\n", ``, "pull", "-q", ref)
		expect(t, 0, sum, ``, "fsck")
		layer := digest.FromBytes(img.Layers[0])
		if err := harm.do(blobFile(t, layer)); err != nil {
			t.Fatal(err)
		}
		expect(t, 65, `(?s)`+ref+`: [^\n]*`+layer.String()+`[^\n]*(?:`+harm.what+`).*`, `--repair`, "fsck")
		expect(t, 0, `(?s).*removed, pull it again: `+ref+`\n`, ``, "fsck", "--repair")
		expect(t, 1, ``, ``, "exists", ref)
		expect(t, 0, sum, ``, "fsck")
		expect(t, 0, ref+"\n", ``, "pull", "-q", ref)
		expect(t, 0, sum, ``, "fsck", "--repair")
		expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	}
	noLeases(t)
}
