package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// hostileLayer is a tar archive of headers, each with as many zeros as its size says.
func hostileLayer(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, h.Size); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestHostileEntries: whatever the entries of a layer are called and point to, the
// host stays as it was, and the image is either refused or removed without a rest.
func TestHostileEntries(t *testing.T) {
	victim := t.TempDir()
	kept := filepath.Join(victim, "kept")
	up := "../../../../../../../../../../../.."
	file := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 4} }
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}
	hard := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
	}
	dir := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeDir} }
	many := make([]*tar.Header, 100_000)
	for i := range many {
		many[i] = &tar.Header{Name: fmt.Sprintf("d%d/f%d", i/1000, i), Typeflag: tar.TypeReg}
	}
	r := registrytest.Start(t, registrytest.Options{})
	for name, layers := range map[string][][]byte{
		"climb":           {hostileLayer(t, file(up+victim+"/kept"), file(up+victim+"/new"))},
		"climbinside":     {hostileLayer(t, dir("a"), file("a/"+up+victim+"/kept"))},
		"absolute":        {hostileLayer(t, file(victim+"/kept"), file(victim+"/new"))},
		"throughlink":     {hostileLayer(t, link("out", victim), file("out/kept"), file("out/new"))},
		"throughclimb":    {hostileLayer(t, link("out", up+victim), file("out/kept"), file("out/new"))},
		"acrosslayers":    {hostileLayer(t, link("out", victim)), hostileLayer(t, file("out/kept"), file("out/new"))},
		"overlink":        {hostileLayer(t, link("kept", kept), file("kept"))},
		"hardoutside":     {hostileLayer(t, hard("a", kept), file("a"))},
		"hardclimb":       {hostileLayer(t, hard("a", up+kept), file("a"))},
		"hardthroughlink": {hostileLayer(t, link("out", victim), hard("a", "out/kept"), file("a"))},
		"hardtosymlink":   {hostileLayer(t, link("l", kept), hard("a", "l"), file("a"))},
		"whiteoutclimb":   {hostileLayer(t, file(up+victim+"/.wh.kept"))},
		"whiteoutlink":    {hostileLayer(t, link("out", victim)), hostileLayer(t, file("out/.wh.kept"))},
		"whiteoutopaque":  {hostileLayer(t, link("out", victim), file("out/.wh..wh..opq"))},
		"whiteoutdot":     {hostileLayer(t, dir("a"), file("a/.wh..")), hostileLayer(t, file("a/.wh..."), file(".wh.."))},
		"devices": {hostileLayer(t, dir("dev"), &tar.Header{Name: "dev/mem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1},
			&tar.Header{Name: "dev/sda", Typeflag: tar.TypeBlock, Devmajor: 8}, &tar.Header{Name: "fifo", Typeflag: tar.TypeFifo})},
		"notdir":    {hostileLayer(t, file("a"), file("a/b"))},
		"root":      {hostileLayer(t, link(".", victim), file("new"))},
		"duplicate": {hostileLayer(t, file("a")), hostileLayer(t, file("a")), hostileLayer(t, file("a"))},
		"many":      {hostileLayer(t, many...)},
		"noarchive": {[]byte("this is no archive")},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			r.Push(t, name, "1", registrytest.Build(t, registrytest.Kind{}, layers...))
			ref := r.Host + "/" + name + ":1"
			got := pouch(t, "pull", "-q", ref)
			if got.code != 0 && (got.code != 65 || strings.Contains(got.stderr, "mount callback") || strings.Count(got.stderr, "\n") != 1) || name == "noarchive" && got.code == 0 {
				t.Errorf("%+v", got)
			}
			if data, err := os.ReadFile(kept); err != nil || string(data) != "mine" {
				t.Errorf("the host's file: %q %v", data, err)
			}
			if all, err := os.ReadDir(victim); err != nil || len(all) != 1 {
				t.Errorf("in the host's folder: %v %v", all, err)
			}
			if st, err := os.Stat(kept); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("the host's file: %v %v", st, err)
			}
			if got.code == 0 {
				expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
			}
			expect(t, 1, ``, ``, "exists", ref)
		})
	}
	expect(t, 0, `(?s).*`, ``, "fsck", "--repair")
	noLeases(t)
}

// TestBomb: a layer of few bytes that unpacks to many is given up in time, and
// nothing is left of it.
func TestBomb(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	var headers []*tar.Header
	for i := range 64 {
		headers = append(headers, &tar.Header{Name: fmt.Sprint("f", i), Typeflag: tar.TypeReg, Size: 4 << 20})
	}
	img := registrytest.Build(t, registrytest.Kind{}, hostileLayer(t, headers...))
	r.Push(t, "bomb", "1", img)
	ref := r.Host + "/bomb:1"
	if n := len(img.Layers[0]); n > 1<<20 {
		t.Fatalf("the layer has %d bytes", n)
	}
	expect(t, 65, ``, `unpacks to more than the 16777216 bytes`, "pull", "-q", "--max-layer-size", "16m", ref)
	expect(t, 1, ``, ``, "exists", ref)
	expect(t, 1, ``, `give a size`, "pull", "-q", "--max-layer-size", "-1", ref)
	expect(t, 0, ref+"\n", ``, "pull", "-q", "--max-layer-size", "1g", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	noLeases(t)
}

// TestLongHistory: an image that says of itself a hundred thousand steps is shown.
func TestLongHistory(t *testing.T) {
	img := registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t, registrytest.File{Name: "a"}))
	steps := strings.Repeat(`{"empty_layer":true},`, 150_000)
	long := img
	long.Config = append([]byte(`{"history":[`+steps+`{}],`), img.Config[1:]...)
	for from, to := range map[string]string{
		img.ID().String():                         long.ID().String(),
		fmt.Sprintf(`"size":%d`, len(img.Config)): fmt.Sprintf(`"size":%d`, len(long.Config)),
	} {
		long.Manifest = bytes.Replace(long.Manifest, []byte(from), []byte(to), 1)
	}
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "long", "1", long)
	ref := r.Host + "/long:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	if got := pouch(t, "history", "-q", ref); got.code != 0 || strings.Count(got.out, "\n") != 150_001 {
		t.Errorf("exit %d, %d lines, %s", got.code, strings.Count(got.out, "\n"), got.stderr)
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
}
