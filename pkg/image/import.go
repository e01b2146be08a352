package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// ImportOpts are the options of Import.
type ImportOpts struct {
	Message string   // comment in the history
	Changes []string // lines of a Dockerfile
	Arch    string   // empty: this machine's
	Variant string
}

// Import makes an image of one layer of the root filesystem in the tar stream r,
// plain or compressed. ref names it; empty: the id does. It fails with kind
// invalid for what is no archive, and corrupt for a broken one.
func (m *Manager) Import(outer context.Context, r *os.File, ref string, o ImportOpts) (img *Image, err error) {
	name := ""
	if ref != "" {
		if name, err = commitName(ref); err != nil {
			return nil, err
		}
	}
	set, err := changed(o.Changes)
	if err != nil {
		return nil, err
	}
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(outer, s, &err)
	s.Lock, s.Limit = m.lock, m.MaxLayer
	made, err := imported(ctx, s, r, set, o)
	if err != nil {
		return nil, err
	}
	return m.named(ctx, name, made, "import")
}

// changed are the settings of an image that has none but what the lines say.
func changed(lines []string) (*settings, error) {
	set := &settings{ExposedPorts: map[string]struct{}{}, Volumes: map[string]struct{}{}}
	for _, line := range lines {
		if err := set.change(line); err != nil {
			return nil, errs.New(errs.Invalid, "--change %q: %w", line, err)
		}
	}
	return set, nil
}

// imported stores layer, config and manifest, and unpacks the layer.
func imported(ctx context.Context, s *imagestore.Session, r *os.File, set *settings, o ImportOpts) (*committed, error) {
	layer, diffID, err := putLayer(ctx, s, r)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	if o.Message == "" {
		o.Message = "Imported from a tar archive"
	}
	if o.Arch == "" {
		o.Arch = runtime.GOARCH
	}
	img := struct {
		ocispec.Image
		Config *settings `json:"config"` // over Image's, for docker's keys
	}{Config: set}
	img.Created, img.Architecture, img.OS, img.Variant = &now, o.Arch, "linux", o.Variant
	img.RootFS = ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}}
	img.History = []ocispec.History{{Created: &now, Comment: o.Message}}
	config, err := json.Marshal(img)
	if err != nil {
		return nil, err
	}
	mf := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Config: ocispec.Descriptor{MediaType: ocispec.MediaTypeImageConfig}, Layers: []ocispec.Descriptor{layer},
	}
	return complete(ctx, s, mf, config, img.RootFS.DiffIDs)
}

// putLayer stores the archive as a layer with gzip while it is read.
func putLayer(ctx context.Context, s *imagestore.Session, r *os.File) (layer ocispec.Descriptor, diffID digest.Digest, err error) {
	defer context.AfterFunc(ctx, func() { r.Close() })() // a pipe may never end
	plain, err := registry.Decompress(r)
	if err != nil {
		return layer, "", err
	}
	defer plain.Close()
	in := bufio.NewReaderSize(plain, 1<<16)
	if err := startsArchive(in); err != nil {
		return layer, "", err
	}
	pr, pw := io.Pipe()
	plainSum, sum := digest.Canonical.Digester(), digest.Canonical.Digester()
	go func() {
		zip := gzip.NewWriter(io.MultiWriter(pw, sum.Hash()))
		_, err := io.Copy(io.MultiWriter(zip, plainSum.Hash()), in)
		pw.CloseWithError(errors.Join(err, zip.Close()))
	}()
	d, size, err := s.Put(ctx, "", -1, pr)
	pr.Close()
	if errs.Is(err, errs.Conflict) { // the layer is there already; all was read
		d = sum.Digest()
		size, _, err = s.Size(ctx, d)
	}
	if err != nil {
		return layer, "", err
	}
	return ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: d, Size: size}, plainSum.Digest(), nil
}

// startsArchive looks at the first header, and leaves it to be read.
func startsArchive(in *bufio.Reader) error {
	head, err := in.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return errs.New(errs.Corrupt, "archive: %w", err)
	}
	if len(head) == 0 {
		return errs.New(errs.Invalid, "import: nothing came: give a tar archive")
	}
	_, err = tar.NewReader(bytes.NewReader(head)).Next()
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) && len(head) < 512 {
		return errs.New(errs.Invalid, "import: that is no tar archive")
	}
	return nil
}
