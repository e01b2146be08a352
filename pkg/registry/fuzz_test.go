package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzArchiveFile: whatever the file is, it is opened, or refused with a reason;
// nothing is written outside of its folder, and nothing is left there.
func FuzzArchiveFile(f *testing.F) {
	d := digest.FromString("x")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range [][2]string{
		{"./index.json", `{"schemaVersion":2,"manifests":[{"digest":"` + d.String() + `","size":1}]}`},
		{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`},
		{"blobs/sha256/" + d.Encoded(), "x"},
		{"../up", "x"},
	} {
		if err := w.WriteHeader(&tar.Header{Name: e[0], Mode: 0o644, Size: int64(len(e[1]))}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(e[1])); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	if _, err := zw.Write(b.Bytes()); err != nil {
		f.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(z.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		temp := filepath.Join(dir, "a", "temp")
		if err := os.MkdirAll(temp, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "a", "in")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := OpenArchive(t.Context(), path, Options{TempDir: temp})
		if err != nil && errs.KindOf(err) == errs.Internal {
			t.Errorf("no kind: %v", err)
		}
		if err == nil {
			for i := range a.Images {
				a.Load(t.Context(), newMemory(), i, Watcher{})
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
		for at, want := range map[string]int{temp: 0, filepath.Dir(temp): 2, dir: 1} {
			if left, err := os.ReadDir(at); err != nil || len(left) != want {
				t.Errorf("in %s: %v, %v", at, left, err)
			}
		}
	})
}

// FuzzAuthFile: of a file of credentials what is told is where they are, never what.
func FuzzAuthFile(f *testing.F) {
	f.Add([]byte(`{"auths":{"reg.example/a":{"auth":"c2VjcmV0"}},"credHelpers":{"reg.example":"x"},"credsStore":"y"}`))
	f.Add([]byte(`{"auths":{"https://reg.example/v1/":{}}}`))
	named, err := reference.ParseNormalizedNamed("reg.example/a/b:1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "auth.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		a := readAuthFile(path)
		a.path = "F"
		says := a.entry(named)
		if says == "" {
			return
		}
		for key := range a.Auths {
			if says == "entry "+key+" of F" {
				return
			}
		}
		if says != "helper "+helperProgram(a.CredHelpers["reg.example"])+" of F" {
			t.Errorf("%q", says)
		}
	})
}
