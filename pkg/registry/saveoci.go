package registry

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	libmanifest "go.podman.io/image/v5/manifest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// SaveOCI writes one image from st to w as an oci-archive (OCI image layout
// specification), config and layers byte for byte as they are stored, so that
// the image keeps its id. A docker manifest is written as its OCI twin. The same
// image gives the same bytes.
func SaveOCI(ctx context.Context, st Store, img Saving, w io.Writer) error {
	s := layoutWriter{ctx: ctx, store: st, tar: tar.NewWriter(w), done: map[digest.Digest]bool{}}
	if err := s.image(img); err != nil {
		return fault(err, "save "+label(img))
	}
	return s.tar.Close()
}

type layoutWriter struct {
	ctx   context.Context
	store Store
	tar   *tar.Writer
	done  map[digest.Digest]bool
}

func (s layoutWriter) image(img Saving) error {
	data, m, err := s.manifest(img.Digest)
	if err != nil {
		return err
	}
	desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(data), Size: int64(len(data))}
	index, err := json.Marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex,
		Manifests: named(desc, img.Names),
	})
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{ocispec.ImageLayoutFile, []byte(`{"imageLayoutVersion":"` + ocispec.ImageLayoutVersion + `"}`)},
		{ocispec.ImageIndexFile, index},
		{blobPath(desc.Digest), data},
	} {
		if err := s.file(f.name, int64(len(f.data)), bytes.NewReader(f.data)); err != nil {
			return err
		}
	}
	for _, d := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
		if err := s.blob(d.Digest); err != nil {
			return err
		}
	}
	return nil
}

// named is the descriptor once for each name.
func named(d ocispec.Descriptor, names []string) []ocispec.Descriptor {
	if len(names) == 0 {
		return []ocispec.Descriptor{d}
	}
	var out []ocispec.Descriptor
	for _, n := range names {
		d.Annotations = map[string]string{ocispec.AnnotationRefName: n, containerdName: n}
		out = append(out, d)
	}
	return out
}

// manifest reads the image's manifest; one of docker's becomes an OCI one.
func (s layoutWriter) manifest(d digest.Digest) ([]byte, *ocispec.Manifest, error) {
	src := storeSource{ref: &storeRef{transport: Transport{s.store}, target: d}}
	data, mime, err := src.GetManifest(s.ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	_, m, err := manifest.Parse(d, data)
	if err != nil || mime == ocispec.MediaTypeImageManifest {
		return data, m, err
	}
	if m == nil || mime != libmanifest.DockerV2Schema2MediaType {
		return nil, nil, errs.New(errs.Unsupported, "manifest %s: %s cannot go into an oci-archive", d, mime)
	}
	m.MediaType, m.Config.MediaType = ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageConfig
	for i := range m.Layers {
		if m.Layers[i].MediaType, err = s.layerType(m.Layers[i].Digest); err != nil {
			return nil, nil, err
		}
	}
	data, err = json.Marshal(m)
	return data, m, err
}

// layerType looks at how a layer is compressed: docker's media type says gzip
// also of those that are not.
func (s layoutWriter) layerType(d digest.Digest) (string, error) {
	r, _, err := s.store.Get(s.ctx, d)
	if err != nil {
		return "", err
	}
	defer r.Close()
	magic := make([]byte, 4)
	n, err := io.ReadFull(r, magic)
	if err != nil && n == 0 && !errors.Is(err, io.EOF) {
		return "", err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}): // RFC 1952
		return ocispec.MediaTypeImageLayerGzip, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878
		return ocispec.MediaTypeImageLayerZstd, nil
	}
	return ocispec.MediaTypeImageLayer, nil
}

func blobPath(d digest.Digest) string {
	return ocispec.ImageBlobsDir + "/" + d.Algorithm().String() + "/" + d.Encoded()
}

// blob writes a blob of the store, once, and checks it on the way.
func (s layoutWriter) blob(d digest.Digest) error {
	if s.done[d] {
		return nil
	}
	s.done[d] = true
	r, size, err := s.store.Get(s.ctx, d)
	if err != nil {
		return err
	}
	defer r.Close()
	hash := d.Algorithm().Digester()
	if err := s.file(blobPath(d), size, io.TeeReader(r, hash.Hash())); err != nil {
		return err
	}
	if hash.Digest() != d {
		return errs.New(errs.Corrupt, "blob %s: its content is another: remove the image and pull it again", d)
	}
	return nil
}

func (s layoutWriter) file(name string, size int64, r io.Reader) error {
	if err := s.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := io.Copy(s.tar, r)
	return err
}
