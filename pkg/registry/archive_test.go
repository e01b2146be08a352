package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// stored puts an image into a new memory store by pulling it.
func stored(t *testing.T, k registrytest.Kind) (*memory, registrytest.Image) {
	t.Helper()
	r := registrytest.Start(t, registrytest.Options{})
	img := small(t, k)
	r.Push(t, "x", "1", img)
	st := newMemory()
	if _, err := pull(t, st, r.Host+"/x:1", Options{}, Watcher{}); err != nil {
		t.Fatal(err)
	}
	return st, img
}

// loaded opens an archive and loads its only image.
func loaded(t *testing.T, data []byte) (*memory, *Image, []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	a, err := OpenArchive(t.Context(), path, Options{TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Images) != 1 {
		t.Fatalf("%d images", len(a.Images))
	}
	st := newMemory()
	img, err := a.Load(t.Context(), st, 0, Watcher{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Close(), a.Close()); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left in the temporary folder: %v", left)
	}
	return st, img, a.Images[0].Names
}

const ref = "docker.io/library/x:1"

// What is saved and loaded again has the same id and the same layers, and saved
// once more the same bytes.
func TestRoundTrip(t *testing.T) {
	for form, k := range map[string]registrytest.Kind{"oci": {}, "docker": {Docker: true}, "zstd": {Zstd: true}} {
		st, img := stored(t, k)
		for kind, save := range map[string]func(*memory, digest.Digest, io.Writer) error{
			"docker-archive": func(m *memory, d digest.Digest, w io.Writer) error {
				return SaveDocker(t.Context(), m, []Saving{{Digest: d, Names: []string{ref}}}, w, Options{TempDir: t.TempDir()})
			},
			"oci-archive": func(m *memory, d digest.Digest, w io.Writer) error {
				return SaveOCI(t.Context(), m, Saving{Digest: d, Names: []string{ref}}, w)
			},
		} {
			var first, second bytes.Buffer
			if err := save(st, img.Digest(), &first); err != nil {
				t.Errorf("%s, %s: %v", form, kind, err)
				continue
			}
			again, got, names := loaded(t, first.Bytes())
			if got.Manifest.Config.Digest != img.ID() || len(names) != 1 || names[0] != ref {
				t.Errorf("%s, %s: id %s, names %v; want %s", form, kind, got.Manifest.Config.Digest, names, img.ID())
			}
			if kind == "oci-archive" && !k.Docker && got.Digest != img.Digest() {
				t.Errorf("%s, %s: manifest %s, want %s", form, kind, got.Digest, img.Digest())
			}
			if err := save(again, got.Digest, &second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("%s, %s: saved again it differs (%v)", form, kind, err)
			}
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			z.Write(first.Bytes())
			z.Close()
			if _, got, _ := loaded(t, packed.Bytes()); got.Manifest.Config.Digest != img.ID() {
				t.Errorf("%s, %s: packed with gzip: id %s", form, kind, got.Manifest.Config.Digest)
			}
		}
	}
}

// A reader that goes away ends a save.
func TestSaveToClosedPipe(t *testing.T) {
	st, img := stored(t, registrytest.Kind{})
	for _, save := range []func(io.Writer) error{
		func(w io.Writer) error {
			return SaveDocker(t.Context(), st, []Saving{{Digest: img.Digest()}}, w, Options{TempDir: t.TempDir()})
		},
		func(w io.Writer) error { return SaveOCI(t.Context(), st, Saving{Digest: img.Digest()}, w) },
	} {
		if err := save(full{}); !errors.Is(err, io.ErrShortBuffer) && err == nil {
			t.Errorf("to a full disk: %v", err)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortBuffer }

func TestSaveBrokenBlob(t *testing.T) {
	st, img := stored(t, registrytest.Kind{})
	d := digest.FromBytes(img.Layers[0])
	st.blobs[d] = append([]byte{0}, st.blobs[d][1:]...)
	if err := SaveOCI(t.Context(), st, Saving{Digest: img.Digest()}, io.Discard); !errs.Is(err, errs.Corrupt) {
		t.Errorf("a broken layer: %v", err)
	}
}

// tarOf makes a tar of exactly these headers.
func tarOf(t *testing.T, hs ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range hs {
		body := []byte(h.PAXRecords["body"])
		h.PAXRecords = nil
		h.Size = int64(len(body))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		w.Write(body)
	}
	w.Close()
	return b.Bytes()
}

func file(name, body string) *tar.Header {
	return &tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg, PAXRecords: map[string]string{"body": body}}
}

func TestHostileArchives(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	hex := digest.FromString("x").Encoded()
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
	}
	for name, c := range map[string]struct {
		data []byte
		kind errs.Kind
	}{
		"empty":                {nil, errs.Invalid},
		"no archive":           {bytes.Repeat([]byte("x"), 10_000), errs.Invalid},
		"neither kind":         {tarOf(t, file("a", "b")), errs.Invalid},
		"no images":            {tarOf(t, file("index.json", `{"manifests":[]}`)), errs.Invalid},
		"docker without":       {tarOf(t, file("manifest.json", `[]`)), errs.Invalid},
		"broken index":         {tarOf(t, file("index.json", `{`)), errs.Corrupt},
		"broken manifest.json": {tarOf(t, file("manifest.json", `{`)), errs.Corrupt},
		"bad tag":              {tarOf(t, file("manifest.json", `[{"Config":"c","RepoTags":["BAD"],"Layers":[]}]`)), errs.Corrupt},
		"index is a link":      {tarOf(t, file("index.json", `{}`), link("index.json", "/etc/passwd")), errs.Invalid},
		"path upwards":         {tarOf(t, file("../../../../../../../.."+outside, "x"), file("index.json", `{"manifests":[]}`)), errs.Invalid},
		"absolute path":        {tarOf(t, file(outside, "x"), file("index.json", `{"manifests":[]}`)), errs.Invalid},
		"link, then through":   {tarOf(t, link("blobs", filepath.Dir(outside)), file("blobs/sha256/"+hex, "x"), file("index.json", `{"manifests":[]}`)), errs.Invalid},
		"cut off":              {tarOf(t, file("index.json", `{"manifests":[]}`))[:520], errs.Corrupt},
	} {
		path := filepath.Join(t.TempDir(), "a.tar")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		temp := t.TempDir()
		a, err := OpenArchive(t.Context(), path, Options{TempDir: temp})
		if !errs.Is(err, c.kind) {
			t.Errorf("%s: %v, want kind %s", name, err, c.kind)
		}
		if err == nil {
			a.Close()
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("%s: left over: %v", name, left)
		}
		if all, _ := os.ReadDir(filepath.Dir(outside)); len(all) > 0 {
			t.Fatalf("%s: written outside: %v", name, all)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{"latest": "", "x:1": "docker.io/library/x:1", "docker.io/library/x:1": "docker.io/library/x:1", "a/b": "docker.io/a/b:latest", "BAD:1": ""} {
		got := names("", in)
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || got[0] != want) {
			t.Errorf("%q: %v, want %q", in, got, want)
		}
	}
}
