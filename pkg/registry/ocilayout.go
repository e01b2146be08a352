package registry

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/oci/layout"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// containerdName is the annotation in which containerd and docker write an
// image's full name.
const containerdName = "io.containerd.image.name"

// openOCI unpacks an OCI layout into a folder below temp: the files that the
// image layout specification names, nothing else, nowhere else.
func (a *Archive) openOCI(ctx context.Context, file, temp string) error {
	dir, err := os.MkdirTemp(temp, "oci-")
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	a.close = func() error { return errors.Join(root.Close(), os.RemoveAll(dir)) }
	if err := unpackLayout(ctx, file, root); err != nil {
		return err
	}
	index, err := readIndex(root)
	if err != nil {
		return err
	}
	reader := layout.NewReaderWithRoot(root)
	at := map[digest.Digest]int{}
	for i, d := range index.Manifests {
		n := names(d.Annotations[containerdName], d.Annotations[ocispec.AnnotationRefName])
		if j, ok := at[d.Digest]; ok { // one more name of it
			a.Images[j].Names = append(a.Images[j].Names, n...)
			continue
		}
		at[d.Digest] = len(a.Images)
		ref, err := reader.NewIndexReference(dir, i)
		if err != nil {
			return errs.New(errs.Corrupt, "oci-archive: %w", err)
		}
		a.Images = append(a.Images, Archived{Names: n, src: ref})
	}
	return nil
}

func readIndex(root *os.Root) (*ocispec.Index, error) {
	f, err := root.Open(ocispec.ImageIndexFile)
	if err != nil {
		return nil, errs.New(errs.Corrupt, "oci-archive: %w", err)
	}
	defer f.Close()
	index := &ocispec.Index{}
	if err := json.NewDecoder(io.LimitReader(f, MaxDocument)).Decode(index); err != nil {
		return nil, errs.New(errs.Corrupt, "oci-archive: index.json: %w", err)
	}
	if len(index.Manifests) > manifest.MaxEntries {
		return nil, errs.New(errs.Corrupt, "oci-archive: more than %d images", manifest.MaxEntries)
	}
	return index, nil
}

func unpackLayout(ctx context.Context, file string, root *os.Root) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := decompressed(f)
	if err != nil {
		return err
	}
	defer r.Close()
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errs.New(errs.Corrupt, "oci-archive: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if name, ok := layoutFile(h); ok {
			if h.Size > MaxDocument && !strings.Contains(name, "/") {
				return errs.New(errs.Corrupt, "oci-archive: %s: larger than %d bytes", name, MaxDocument)
			}
			if err := writeFile(root, name, tr); err != nil {
				return fmt.Errorf("unpack %s: %w", name, err)
			}
		}
	}
}

// layoutFile returns the path of a tar entry that belongs to an image layout.
func layoutFile(h *tar.Header) (string, bool) {
	name := path.Clean(h.Name)
	if h.Typeflag != tar.TypeReg {
		return "", false
	}
	if name == ocispec.ImageIndexFile || name == ocispec.ImageLayoutFile {
		return name, true
	}
	f := strings.Split(name, "/")
	if len(f) != 3 || f[0] != ocispec.ImageBlobsDir {
		return "", false
	}
	return name, digest.NewDigestFromEncoded(digest.Algorithm(f[1]), f[2]).Validate() == nil
}

func writeFile(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
