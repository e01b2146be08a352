package registrytest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is an image as a registry keeps it.
type Image struct {
	MediaType string
	Manifest  []byte
	Config    []byte
	Layers    [][]byte // as stored: compressed
	Arch      string
}

// Digest of the manifest.
func (i Image) Digest() digest.Digest { return digest.FromBytes(i.Manifest) }

// ID is docker's image id.
func (i Image) ID() digest.Digest { return digest.FromBytes(i.Config) }

// File is an entry of a layer.
type File struct {
	Name string
	Body []byte
	Link string // of a symbolic link
}

// Tar returns a layer, not compressed.
func Tar(t testing.TB, files ...File) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.Name, Mode: 0o755, Size: int64(len(f.Body)), Typeflag: tar.TypeReg}
		if f.Link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Kind is the form of an image.
type Kind struct {
	Docker bool   // docker's manifest schema 2, not OCI
	Zstd   bool   // layers in zstd, not gzip
	Arch   string // empty: this machine's
}

// Build makes an image of layers that Tar returned.
func Build(t testing.TB, k Kind, tars ...[]byte) Image {
	t.Helper()
	if k.Arch == "" {
		k.Arch = runtime.GOARCH
	}
	conf := ocispec.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: k.Arch},
		Config:   ocispec.ImageConfig{Env: []string{"PATH=/bin"}, Cmd: []string{"/bin/sh"}, Labels: map[string]string{"kind": "test"}},
		RootFS:   ocispec.RootFS{Type: "layers"},
	}
	img := Image{MediaType: ocispec.MediaTypeImageManifest, Arch: k.Arch}
	mf := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}}
	confType, layerType := ocispec.MediaTypeImageConfig, ocispec.MediaTypeImageLayerGzip
	switch {
	case k.Docker:
		img.MediaType = "application/vnd.docker.distribution.manifest.v2+json"
		confType, layerType = "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"
	case k.Zstd:
		layerType = ocispec.MediaTypeImageLayerZstd
	}
	for _, data := range tars {
		conf.RootFS.DiffIDs = append(conf.RootFS.DiffIDs, digest.FromBytes(data))
		packed := pack(t, data, k.Zstd)
		img.Layers = append(img.Layers, packed)
		mf.Layers = append(mf.Layers, descriptor(layerType, packed))
	}
	img.Config = marshal(t, conf)
	mf.MediaType, mf.Config = img.MediaType, descriptor(confType, img.Config)
	img.Manifest = marshal(t, mf)
	return img
}

func descriptor(mime string, data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mime, Digest: digest.FromBytes(data), Size: int64(len(data))}
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pack(t testing.TB, data []byte, useZstd bool) []byte {
	t.Helper()
	if useZstd {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		return w.EncodeAll(data, nil)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func index(images []Image) []byte {
	x := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, i := range images {
		d := descriptor(i.MediaType, i.Manifest)
		d.Platform = &ocispec.Platform{OS: "linux", Architecture: i.Arch}
		x.Manifests = append(x.Manifests, d)
	}
	b, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	return b
}
