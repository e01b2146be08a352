package image

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/debug"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// What the layers of an image are converted to.
const (
	Gzip        = "gzip"
	Zstd        = "zstd"
	ZstdChunked = "zstd:chunked" // containers/storage reads files of it
	EStargz     = "estargz"      // stargz-snapshotter does, and all else takes it for gzip
)

// Conversion says what an image becomes.
type Conversion struct {
	Format string // of the manifest: oci or v2s2; empty: as it is, or oci where To needs it
	To     string // of all layers: Gzip, Zstd, ZstdChunked or EStargz; empty: as they are
	All    bool   // every platform; else this machine's alone
	Tell   func(registry.Event)
}

// check refuses what cannot be, and says which manifest To needs.
func (c *Conversion) check() error {
	switch c.To {
	case "", Gzip:
	case Zstd, ZstdChunked, EStargz:
		if c.Format == "v2s2" {
			return errs.New(errs.Invalid, "convert: docker's manifests know no %s: --format oci", c.To)
		}
		c.Format = "oci"
	case "nydus", "soci":
		return errs.New(errs.Unsupported, "convert to %s: Pouch does not make it: gzip, zstd, zstd:chunked or estargz", c.To)
	default:
		return errs.New(errs.Invalid, "convert to %q: gzip, zstd, zstd:chunked or estargz", c.To)
	}
	switch c.Format {
	case "", "oci", "v2s2":
	default:
		return errs.New(errs.Invalid, "convert: --format %s: oci or v2s2", c.Format)
	}
	if c.To == "" && c.Format == "" {
		return errs.New(errs.Invalid, "convert: to what? --to gzip, zstd, zstd:chunked or estargz, --format oci or v2s2")
	}
	return nil
}

// Convert makes the image dst of the one that src names: the same files in other
// layers or under another manifest. It returns the digest of that. The same image
// gives the same. Kinds: not_found, invalid, unsupported for a layer that To has no
// word for, corrupt for content that is not what its digest says, unavailable.
func (cp Copier) Convert(ctx context.Context, src, dst string, c Conversion) (digest.Digest, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	if c.To == "" {
		return cp.reformat(ctx, src, dst, c)
	}
	m, err := cp.Images()
	if err != nil {
		return "", err
	}
	d, err := m.convert(ctx, src, dst, c)
	if err != nil {
		return "", fmt.Errorf("convert %s: %w", src, err)
	}
	return d, nil
}

// reformat writes the image to a folder under another manifest, and reads it again.
func (cp Copier) reformat(ctx context.Context, src, dst string, c Conversion) (digest.Digest, error) {
	dir, remove, err := cp.State.TempDir()
	if err != nil {
		return "", fmt.Errorf("convert: %w", err)
	}
	defer remove()
	between := registry.Place{Transport: registry.Folder, Rest: filepath.Join(dir, "image")}
	out := Copying{
		Src: registry.Place{Transport: registry.Containerd, Rest: src}, Dst: between, Tell: c.Tell,
		CopyOptions: registry.CopyOptions{All: c.All, Format: c.Format},
	}
	if _, err := cp.Copy(ctx, out); err != nil {
		return "", err
	}
	in := Copying{
		Src: between, Dst: registry.Place{Transport: registry.Containerd, Rest: dst}, Tell: c.Tell,
		CopyOptions: registry.CopyOptions{All: c.All},
	}
	return cp.Copy(ctx, in)
}

// convert makes the layers anew, each in a stream from the store to the store.
func (m *Manager) convert(outer context.Context, src, dst string, c Conversion) (d digest.Digest, err error) {
	full, err := commitName(dst)
	if err != nil {
		return "", err
	}
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer end(outer, s, &err)
	s.Lock, s.Limit = m.lock, m.MaxLayer
	img, err := m.resolve(ctx, src)
	if err != nil {
		return "", err
	}
	if err := s.Hold(ctx, img.Digest); err != nil {
		return "", err
	}
	debug.SetGCPercent(100) // a table of contents is held: cmd.Run lets commands that end soon waste memory
	cv := conversion{Conversion: c, session: s, layers: map[digest.Digest]layerMade{}}
	made, err := cv.image(ctx, img.Digest)
	if err != nil {
		return "", err
	}
	got, err := m.named(ctx, full, made, "load")
	if err != nil {
		return "", err
	}
	return got.Digest, nil
}
