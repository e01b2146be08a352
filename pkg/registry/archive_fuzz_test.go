package registry

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzOpenArchive: an archive with that index of either kind is opened, or refused
// with a reason, and nothing is left of it.
func FuzzOpenArchive(f *testing.F) {
	d := digest.FromString("x").String()
	f.Add("index.json", `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+d+`","size":1,"annotations":{"org.opencontainers.image.ref.name":"x:1"}}]}`)
	f.Add("manifest.json", `[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}]`)
	f.Fuzz(func(t *testing.T, name, text string) {
		if name != "manifest.json" {
			name = "index.json"
		}
		path := filepath.Join(t.TempDir(), "a.tar")
		if err := os.WriteFile(path, tarOf(t, file(name, text)), 0o600); err != nil {
			t.Fatal(err)
		}
		temp := t.TempDir()
		a, err := OpenArchive(t.Context(), path, Options{TempDir: temp})
		if err != nil && errs.KindOf(err) == errs.Internal {
			t.Errorf("no kind: %v", err)
		}
		if err == nil {
			if _, err := a.Load(t.Context(), newMemory(), 0, Watcher{}); err == nil {
				t.Error("an image without content was loaded")
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	})
}
