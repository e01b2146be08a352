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

// TestFsckSnapshot: an unpacked layer whose folder is gone is unpacked again.
func TestFsckSnapshot(t *testing.T) {
	img := pulled(t, "fscksnap:1", registrytest.Kind{})
	tar := filepath.Join(t.TempDir(), "x.tar")
	expect(t, 0, ``, ``, "save", "-o", tar, "fscksnap:1")
	found, err := filepath.Glob(filepath.Join(base, "l", "*", "io.containerd.snapshotter.v1.overlayfs", "snapshots", "*", "fs", "noise"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	if err := os.RemoveAll(filepath.Dir(filepath.Dir(found[0]))); err != nil {
		t.Fatal(err)
	}
	expect(t, 65, `(?s)fscksnap:1: .*`, `1 problem`, "fsck")
	expect(t, 0, `(?s).*removed, pull it again: fscksnap:1\n`, ``, "fsck", "--repair")
	expect(t, 0, `(?s).*`, ``, "load", "-q", "-i", tar)
	expect(t, 0, `(?s).*`, ``, "fsck")
	expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.ID}}", "fscksnap:1")
	out := expect(t, 0, `(?s).*`, ``, "export", "fscksnap:1")
	if got := names(t, out.out); len(got) != 4 {
		t.Errorf("after the repair: %v", got)
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "fscksnap:1")
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

// TestFsckAfterKill: a pull that is killed at ten moments leaves nothing that is
// broken, and nothing that prune does not take away.
func TestFsckAfterKill(t *testing.T) {
	img, total := heavy(t, 3, 1<<20)
	g := registrytest.NewGate()
	r := registrytest.Start(t, registrytest.Options{Front: g.Front})
	r.Push(t, "killed", "1", img)
	ref := r.Host + "/killed:1"
	sum := `\d+ images, \d+ blobs, [^\n]*\n`
	expect(t, 0, `(?s).*`, ``, "fsck", "--repair")
	before := expect(t, 0, sum, ``, "fsck").out
	for i := range 10 {
		held := g.Hold(total / 11)
		c := command(t, "pull", "-q", ref)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		<-held
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		if got := pouch(t, "fsck"); got.code != 0 {
			t.Fatalf("killed for the %dth time: %+v", i+1, got)
		}
		expect(t, 1, ``, ``, "exists", ref)
	}
	g.Open()
	expect(t, 0, `(?s).*`, `reclaimed`, "prune", "-f")
	if after := expect(t, 0, sum, ``, "fsck").out; after != before {
		t.Errorf("before %q, after %q", before, after)
	}
	expect(t, 0, ref+"\n", ``, "pull", "-q", ref)
	expect(t, 0, sum, ``, "fsck")
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	noLeases(t)
}
