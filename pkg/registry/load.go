package registry

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"go.podman.io/image/v5/docker/archive"
	"go.podman.io/image/v5/pkg/compression"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Archived is one image of an archive.
type Archived struct {
	Names []string // full references; empty: it has none
	src   types.ImageReference
}

// Archive is an open docker-archive (docker save) or oci-archive, compressed or
// not.
type Archive struct {
	Images []Archived
	close  func() error
	sys    *types.SystemContext
}

// OpenArchive reads what is in the archive file at path. An archive of neither
// kind gives kind invalid, a broken one kind corrupt. o.TempDir holds what must
// be spooled until Close.
func OpenArchive(ctx context.Context, path string, o Options) (*Archive, error) {
	sys, err := o.system("")
	if err != nil {
		return nil, err
	}
	kind, err := archiveKind(path)
	if err != nil {
		return nil, err
	}
	a := &Archive{sys: sys}
	switch kind {
	case "docker-archive":
		err = a.openDocker(path)
	case "oci-archive":
		err = a.openOCI(ctx, path, o.TempDir)
	default:
		return nil, errs.New(errs.Invalid, "neither a docker-archive (manifest.json) nor an oci-archive (index.json)")
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	if len(a.Images) == 0 {
		a.Close()
		return nil, errs.New(errs.Invalid, "no image in the archive")
	}
	return a, nil
}

// Close gives back what the archive holds. Idempotent.
func (a *Archive) Close() error {
	if a.close == nil {
		return nil
	}
	c := a.close
	a.close = nil
	return c()
}

// Load copies image number i of the archive into st; errors are those of Pull.
func (a *Archive) Load(ctx context.Context, st Store, i int, w Watcher) (*Image, error) {
	img, err := into(ctx, st, a.Images[i].src, a.sys, Options{}, w)
	if err != nil {
		what := "an image without a name"
		if n := a.Images[i].Names; len(n) > 0 {
			what = n[0]
		}
		return nil, fault(err, "load "+what)
	}
	return img, nil
}

func (a *Archive) openDocker(path string) error {
	r, err := archive.NewReader(a.sys, path)
	if err != nil {
		return errs.New(errs.Corrupt, "docker-archive: %w", err)
	}
	a.close = r.Close
	images, err := r.List()
	if err != nil {
		return errs.New(errs.Corrupt, "docker-archive: %w", err)
	}
	for _, refs := range images {
		img := Archived{src: refs[0]}
		for _, ref := range refs {
			if n := ref.DockerReference(); n != nil {
				img.Names = append(img.Names, n.String())
			}
		}
		a.Images = append(a.Images, img)
	}
	return nil
}

// archiveKind looks for the file that marks each kind. One that has both can be
// read as either.
func archiveKind(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r, err := decompressed(f)
	if err != nil {
		return "", err
	}
	defer r.Close()
	kind := ""
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return kind, nil
		}
		if errors.Is(err, tar.ErrHeader) && kind == "" {
			return "", nil
		}
		if err != nil {
			return "", errs.New(errs.Corrupt, "archive: %w", err)
		}
		switch strings.TrimPrefix(h.Name, "./") {
		case "manifest.json":
			return "docker-archive", nil
		case "index.json":
			kind = "oci-archive"
		}
	}
}

// decompressed returns what is in f. What is not compressed is read from f
// itself, so that a tar reader can seek.
func decompressed(f *os.File) (io.ReadCloser, error) {
	r, packed, err := compression.AutoDecompress(f)
	if err != nil {
		return nil, errs.New(errs.Corrupt, "archive: %w", err)
	}
	if packed {
		return r, nil
	}
	r.Close()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.NopCloser(f), nil
}

// names makes full references of the name annotations in an OCI index. A word
// without a colon or slash is a tag alone, which names no image.
func names(annotations ...string) []string {
	var out []string
	for _, a := range annotations {
		if !strings.ContainsAny(a, ":/") {
			continue
		}
		full, err := imageref.Normalize(a)
		if err == nil && !strings.Contains(full, "@") && (len(out) == 0 || out[0] != full) {
			out = append(out, full)
		}
	}
	return out
}
