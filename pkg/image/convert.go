package image

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// Conversion says what an image becomes.
type Conversion struct {
	Format   string // of the manifest: oci or v2s2; empty: as it is
	Compress string // of all layers: gzip or zstd; empty: as they are
	All      bool   // every platform
	Tell     func(registry.Event)
}

// Convert makes the image dst of the one that src names: the same files in other
// layers or under another manifest. It returns the digest of that. Zstd has no
// place in docker's manifests: it comes with oci. Errors are those of Copier.Copy.
func (cp Copier) Convert(ctx context.Context, src, dst string, c Conversion) (digest.Digest, error) {
	switch c.Compress {
	case "", "gzip", "zstd":
	case "estargz", "zstd:chunked", "nydus", "soci":
		return "", errs.New(errs.Unsupported, "convert to %s: the containerd of Pouch has no snapshotter for it: gzip or zstd", c.Compress)
	default:
		return "", errs.New(errs.Invalid, "convert to %q: gzip or zstd", c.Compress)
	}
	if c.Compress == "zstd" {
		if c.Format == "v2s2" {
			return "", errs.New(errs.Invalid, "convert: docker's manifests know no zstd: --format oci")
		}
		c.Format = "oci"
	}
	if c.Compress == "" && c.Format == "" {
		return "", errs.New(errs.Invalid, "convert: to what? --compress gzip or zstd, --format oci or v2s2")
	}
	dir, remove, err := cp.State.TempDir()
	if err != nil {
		return "", fmt.Errorf("convert: %w", err)
	}
	defer remove()
	between := registry.Place{Transport: registry.Folder, Rest: filepath.Join(dir, "image")}
	out := Copying{
		Src: registry.Place{Transport: registry.Containerd, Rest: src}, Dst: between, Tell: c.Tell,
		CopyOptions: registry.CopyOptions{All: c.All, Format: c.Format, Compress: c.Compress, ForceCompress: c.Compress != ""},
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
