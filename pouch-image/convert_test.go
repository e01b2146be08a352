package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestConvert: the files stay, and the id; the layers change, and change back.
func TestConvert(t *testing.T) {
	img := pulled(t, "conv:gzip", registrytest.Kind{Docker: true})
	types, id := `{{.Descriptor.MediaType}}`, img.ID().String()+`\n`
	expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--compress", "zstd", "conv:gzip", "conv:zstd")
	expect(t, 0, `application/vnd.oci.image.manifest.v1\+json\n`, ``, "inspect", "-f", types, "conv:zstd")
	oci := filepath.Join(t.TempDir(), "oci")
	expect(t, 0, `sha256:.*\n`, ``, "copy", "-q", "conv:zstd", "oci:"+oci+":x")
	expect(t, 0, `(?s).*layer.v1.tar\+zstd.*layer.v1.tar\+zstd.*`, ``, "inspect", "--raw", "oci:"+oci+":x")
	expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", "gzip", "--format", "v2s2", "conv:zstd", "conv:back")
	expect(t, 0, `application/vnd.docker.distribution.manifest.v2\+json\n`, ``, "inspect", "-f", types, "conv:back")
	expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--format", "oci", "conv:back", "conv:oci")
	a := expect(t, 0, `(?s).*`, ``, "export", "conv:gzip")
	for _, name := range []string{"conv:zstd", "conv:back", "conv:oci"} {
		if b := expect(t, 0, `(?s).*`, ``, "export", name); a.out != b.out {
			t.Errorf("%s has other files", name)
		}
		expect(t, 0, id, ``, "inspect", "-f", "{{.ID}}", name)
	}
	expect(t, 1, ``, `does not make it`, "convert", "--to", "nydus", "conv:gzip", "x:1")
	expect(t, 1, ``, `gzip, zstd, zstd:chunked or estargz`, "convert", "--to", "lz4", "conv:gzip", "x:1")
	expect(t, 1, ``, `know no zstd`, "convert", "--to", "zstd", "--format", "v2s2", "conv:gzip", "x:1")
	expect(t, 1, ``, `to what`, "convert", "conv:gzip", "x:1")
	expect(t, 1, ``, `has a tag, not a digest`, "convert", "--to", "zstd", "conv:gzip", "x@"+img.ID().String())
	expect(t, 1, ``, `no such image`, "convert", "--to", "zstd", "nosuch", "x:1")
	expect(t, 0, `(?s).*`, ``, "rm", "conv:gzip", "conv:zstd", "conv:back", "conv:oci")
	noLeases(t)
}

// manifestOf is that of an image of one platform.
func manifestOf(t *testing.T, name string) (m ocispec.Manifest) {
	t.Helper()
	d := strings.TrimSpace(expect(t, 0, `sha256:.*\n`, ``, "inspect", "-f", "{{.Descriptor.Digest}}", name).out)
	data, err := os.ReadFile(blobFile(t, digest.Digest(d)))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lazy opens a layer as a snapshotter does that fetches files when they are read, and
// returns the names in its table of contents that are asked for.
func lazy(t *testing.T, l ocispec.Descriptor, names ...string) (found []string) {
	t.Helper()
	f, err := os.Open(blobFile(t, l.Digest))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := estargz.Open(io.NewSectionReader(f, 0, l.Size))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.VerifyTOC(digest.Digest(l.Annotations[estargz.TOCJSONDigestAnnotation])); err != nil {
		t.Errorf("layer %s: %v", l.Digest, err)
	}
	for _, n := range names {
		if _, ok := r.Lookup(n); ok {
			found = append(found, n)
		}
	}
	return found
}

// TestConvertEStargz: an eStargz image is one of gzip to who knows nothing else, also
// by way of a registry; it is the same each time, and the way back ends where it began.
func TestConvertEStargz(t *testing.T) {
	img := pulled(t, "lazy:gzip", registrytest.Kind{Docker: true})
	made := expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", "estargz", "lazy:gzip", "lazy:estargz").out
	m := manifestOf(t, "lazy:estargz")
	if m.MediaType != ocispec.MediaTypeImageManifest || m.Config.MediaType != ocispec.MediaTypeImageConfig || len(m.Layers) != 2 {
		t.Errorf("%+v", m)
	}
	for i, want := range []string{"bin/busybox", "noise"} {
		l := m.Layers[i]
		if l.MediaType != ocispec.MediaTypeImageLayerGzip || l.Annotations[estargz.StoreUncompressedSizeAnnotation] == "" {
			t.Errorf("%+v", l)
		}
		if got := lazy(t, l, want); len(got) != 1 {
			t.Errorf("layer %d has no %s", i, want)
		}
	}
	want := names(t, expect(t, 0, `(?s).*`, ``, "export", "lazy:gzip").out)
	got := names(t, expect(t, 0, `(?s).*`, ``, "export", "lazy:estargz").out)
	if got = slices.DeleteFunc(got, func(n string) bool { return strings.HasSuffix(n, estargz.NoPrefetchLandmark) }); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	r := registrytest.Start(t, registrytest.Options{})
	ref := r.Host + "/lazy:1"
	expect(t, 0, `(?s).*`, ``, "push", "-q", "lazy:estargz", ref)
	expect(t, 0, `(?s).*`, ``, "rm", "lazy:estargz")
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	expect(t, 0, made, ``, "inspect", "-f", "{{.Descriptor.Digest}}", ref)
	expect(t, 0, `(?s).*`, ``, "verify", "--digest", strings.TrimSpace(made), ref)
	for _, from := range []string{"lazy:gzip", ref} {
		expect(t, 0, made, ``, "convert", "-q", "--to", "estargz", from, "lazy:again")
	}
	for i, to := range []string{"gzip", "zstd", "zstd:chunked", "gzip"} {
		from := []string{ref, "lazy:back", ref, "lazy:back"}[i]
		expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", to, from, "lazy:back")
		expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.ID}}", "lazy:back")
		for _, l := range manifestOf(t, "lazy:back").Layers {
			if chunked := l.Annotations["io.github.containers.zstd-chunked.manifest-position"] != ""; chunked != (to == "zstd:chunked") || !chunked && len(l.Annotations) > 0 {
				t.Errorf("%s: %+v", to, l)
			}
		}
	}
	expect(t, 0, `(?s).*`, ``, "rm", "lazy:gzip", ref, "lazy:again", "lazy:back")
	noLeases(t)
}

// TestConvertIndex: of an index every platform is converted, or none.
func TestConvertIndex(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	other := registrytest.Build(t, registrytest.Kind{Arch: "s390x"}, registrytest.Tar(t, registrytest.File{Name: "other", Body: noise(1000)}))
	r.Push(t, "multi", "1", busybox(t, registrytest.Kind{}), other)
	ref := r.Host + "/multi:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	expect(t, 1, ``, `--all needs every platform: pull it with --all-platforms`, "convert", "-q", "--all", "--to", "estargz", ref, "multi:estargz")
	expect(t, 1, ``, ``, "exists", "multi:estargz")
	expect(t, 0, `.*\n`, ``, "pull", "-q", "--all-platforms", ref)
	made := expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--all", "--to", "estargz", ref, "multi:estargz").out
	expect(t, 0, made, ``, "inspect", "-f", "{{.Descriptor.Digest}}", "multi:estargz")
	expect(t, 0, `(?s).*`, ``, "copy", "-q", "--all", "multi:estargz", "docker://"+r.Host+"/multi:2")
	var x ocispec.Index
	raw := expect(t, 0, `(?s).*`, ``, "inspect", "--raw", "docker://"+r.Host+"/multi:2").out
	if err := json.Unmarshal([]byte(raw), &x); err != nil || len(x.Manifests) != 2 || digest.FromString(raw).String()+"\n" != made {
		t.Fatalf("%v %s", err, raw)
	}
	for i, e := range x.Manifests {
		var m ocispec.Manifest
		data, err := os.ReadFile(blobFile(t, e.Digest))
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil || e.Platform == nil || (e.Platform.Architecture == "s390x") != (i == 1) {
			t.Fatalf("%v %+v", err, e)
		}
		for _, l := range m.Layers {
			lazy(t, l)
		}
	}
	one := expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", "estargz", ref, "multi:one").out
	if one != x.Manifests[0].Digest.String()+"\n" {
		t.Errorf("this machine's alone is %s, in the index %s", one, x.Manifests[0].Digest)
	}
	expect(t, 0, `(?s).*`, ``, "rm", ref, "multi:estargz", "multi:one")
	expect(t, 0, `0 images, 0 blobs, .*\n`, ``, "fsck")
	noLeases(t)
}

// TestConvertHostile: what a layer says of itself is not believed, and what is not what
// its digest says is not read on.
func TestConvertHostile(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	file := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 4} }
	for name, tt := range map[string]struct {
		headers []*tar.Header
		says    string
	}{
		"twice":  {[]*tar.Header{file("a"), {Name: "b", Typeflag: tar.TypeLink, Linkname: "a"}, file("a")}, `"a" is in it twice`},
		"latin1": {[]*tar.Header{file("\xe4")}, `not UTF-8`},
		"cont":   {[]*tar.Header{{Name: "c", Typeflag: tar.TypeCont}}, `type '7'`},
	} {
		r.Push(t, name, "1", registrytest.Build(t, registrytest.Kind{}, hostileLayer(t, tt.headers...)))
		ref := r.Host + "/" + name + ":1"
		if pouch(t, "pull", "-q", ref).code == 0 {
			expect(t, 1, ``, tt.says, "convert", "-q", "--to", "estargz", ref, "bad:1")
			expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", "zstd", ref, "fine:1")
			expect(t, 0, `(?s).*`, ``, "rm", ref, "fine:1")
		}
	}
	lie := registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t, registrytest.File{Name: "true"},
		registrytest.File{Name: estargz.TOCTarName, Body: []byte(`{"version":1,"entries":[{"name":"false","type":"reg"}]}`)}))
	lie.Manifest = bytes.Replace(lie.Manifest, []byte(`"size":`), []byte(`"annotations":{"`+estargz.TOCJSONDigestAnnotation+`":"sha256:0"},"size":`), -1)
	r.Push(t, "lie", "1", lie)
	expect(t, 0, `.*\n`, ``, "pull", "-q", r.Host+"/lie:1")
	expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", "estargz", r.Host+"/lie:1", "lie:2")
	if got := lazy(t, manifestOf(t, "lie:2").Layers[0], "true", "false"); !slices.Equal(got, []string{"true"}) {
		t.Errorf("in the table of contents: %q", got)
	}
	img := pulled(t, "rot:1", registrytest.Kind{})
	path := blobFile(t, digest.FromBytes(img.Layers[1]))
	for what, do := range map[string]func([]byte) []byte{
		"changed": func(b []byte) []byte { b[len(b)-3] ^= 1; return b },
		"cut":     func(b []byte) []byte { return b[:len(b)-20] },
		"other":   func(b []byte) []byte { copy(b, img.Layers[0]); return b },
	} {
		if err := os.WriteFile(path, do(slices.Clone(img.Layers[1])), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"estargz", "zstd", "zstd:chunked"} {
			if got := pouch(t, "convert", "-q", "--to", to, "rot:1", "rot:2"); got.code != 65 || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("%s to %s: %+v", what, to, got)
			}
		}
	}
	expect(t, 1, ``, ``, "exists", "rot:2")
	expect(t, 0, `(?s).*`, ``, "rm", "rot:1", r.Host+"/lie:1", "lie:2")
	expect(t, 0, `(?s).*`, ``, "fsck", "--repair")
	noLeases(t)
}

// TestConvertKilled: of a conversion that is killed nothing is left after the next one.
func TestConvertKilled(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img, _ := heavy(t, 2, 12<<20)
	r.Push(t, "heavy", "1", img)
	ref := r.Host + "/heavy:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	c := command(t, "convert", "--progress", "json", "--to", "estargz", ref, "heavy:2")
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stderr).ReadString('\n'); err != nil || !strings.Contains(line, `"offset"`) {
		t.Errorf("%q %v", line, err)
	}
	c.Process.Kill()
	if err := c.Wait(); err == nil {
		t.Error("it was done before it was killed")
	}
	expect(t, 1, ``, ``, "exists", "heavy:2")
	expect(t, 0, `sha256:.*\n`, ``, "convert", "-q", "--to", "estargz", ref, "heavy:2")
	noLeases(t)
	expect(t, 0, `(?s).*`, ``, "rm", ref, "heavy:2")
	if left := ctr(t, "content", "active"); strings.Count(left, "\n") != 1 {
		t.Errorf("being written: %s", left)
	}
}
