package registry

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// storeDest writes an image into the store, byte for byte.
type storeDest struct{ ref *storeRef }

// Reference implements types.ImageDestination.
func (d *storeDest) Reference() types.ImageReference { return d.ref }

// Close implements types.ImageDestination.
func (d *storeDest) Close() error { return nil }

// SupportedManifestMIMETypes implements types.ImageDestination.
func (d *storeDest) SupportedManifestMIMETypes() []string {
	return []string{
		ocispec.MediaTypeImageManifest, libmanifest.DockerV2Schema2MediaType,
		ocispec.MediaTypeImageIndex, libmanifest.DockerV2ListMediaType,
	}
}

// SupportsSignatures implements types.ImageDestination.
func (d *storeDest) SupportsSignatures(context.Context) error {
	return errors.New("containerd keeps no signatures")
}

// DesiredLayerCompression implements types.ImageDestination.
func (d *storeDest) DesiredLayerCompression() types.LayerCompression { return types.PreserveOriginal }

// AcceptsForeignLayerURLs implements types.ImageDestination: all of an image is
// stored.
func (d *storeDest) AcceptsForeignLayerURLs() bool { return false }

// MustMatchRuntimeOS implements types.ImageDestination: an image of another
// platform may be kept and saved.
func (d *storeDest) MustMatchRuntimeOS() bool { return false }

// IgnoresEmbeddedDockerReference implements types.ImageDestination.
func (d *storeDest) IgnoresEmbeddedDockerReference() bool { return true }

// HasThreadSafePutBlob implements types.ImageDestination.
func (d *storeDest) HasThreadSafePutBlob() bool { return true }

func (d *storeDest) store() Store { return d.ref.transport.Store }

func (d *storeDest) stored(b digest.Digest) {
	if d.ref.watch.Blob != nil {
		d.ref.watch.Blob(b)
	}
}

// PutBlob implements types.ImageDestination.
func (d *storeDest) PutBlob(ctx context.Context, r io.Reader, info types.BlobInfo, _ types.BlobInfoCache, _ bool) (types.BlobInfo, error) {
	got, size, err := d.store().Put(ctx, info.Digest, info.Size, r)
	if err != nil {
		return types.BlobInfo{}, err
	}
	slog.Debug("blob stored", "digest", got, "size", size)
	d.stored(got)
	return types.BlobInfo{Digest: got, Size: size}, nil
}

// TryReusingBlob implements types.ImageDestination.
func (d *storeDest) TryReusingBlob(ctx context.Context, info types.BlobInfo, _ types.BlobInfoCache, _ bool) (bool, types.BlobInfo, error) {
	size, ok, err := d.store().Size(ctx, info.Digest)
	if err != nil || !ok {
		return false, types.BlobInfo{}, err
	}
	d.stored(info.Digest)
	return true, types.BlobInfo{Digest: info.Digest, Size: size}, nil
}

// PutManifest implements types.ImageDestination.
func (d *storeDest) PutManifest(ctx context.Context, data []byte, instance *digest.Digest) error {
	if instance != nil {
		return errors.New("containerd: a whole list of images cannot be copied")
	}
	dg := digest.FromBytes(data)
	_, m, err := manifest.Parse(dg, data)
	if err != nil {
		return err
	}
	if m == nil {
		return errs.New(errs.Corrupt, "manifest %s: an index in the place of an image", dg)
	}
	if d.ref.only != "" && d.ref.only != dg {
		return errs.New(errs.Denied, "manifest %s: the signature policy allowed another, %s", dg, d.ref.only)
	}
	if err := d.store().PutManifest(ctx, dg, data, ""); err != nil {
		return err
	}
	d.ref.result.Digest, d.ref.result.Manifest = dg, *m
	d.ref.result.Target = descriptor(dg, data)
	return nil
}

func descriptor(d digest.Digest, data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: libmanifest.GuessMIMEType(data), Digest: d, Size: int64(len(data))}
}

// PutSignatures implements types.ImageDestination.
func (d *storeDest) PutSignatures(_ context.Context, sigs [][]byte, _ *digest.Digest) error {
	if len(sigs) > 0 {
		return errors.New("containerd keeps no signatures")
	}
	return nil
}

// Commit stores the index that the image was chosen from, so that the image can
// be asked for by the digest that its registry shows.
func (d *storeDest) Commit(ctx context.Context, top types.UnparsedImage) error {
	data, _, err := top.Manifest(ctx)
	if err != nil {
		return err
	}
	r := &d.ref.result
	if dg := digest.FromBytes(data); dg != r.Digest {
		entries, _, err := manifest.Parse(dg, data)
		if err != nil {
			return err
		}
		if entries != nil { // else the copy was converted, and the original says nothing of it
			if err := d.store().PutManifest(ctx, dg, data, r.Digest); err != nil {
				return err
			}
			r.Target = descriptor(dg, data)
		}
	}
	rc, size, err := d.store().Get(ctx, r.Manifest.Config.Digest)
	if err != nil {
		return err
	}
	defer rc.Close()
	if size > MaxDocument {
		return errs.New(errs.Corrupt, "image config %s: larger than %d bytes", r.Manifest.Config.Digest, MaxDocument)
	}
	r.Config, err = io.ReadAll(io.LimitReader(rc, MaxDocument))
	return err
}
