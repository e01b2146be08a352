package registry

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// storeSource reads an image of the store.
type storeSource struct{ ref *storeRef }

// Reference implements types.ImageSource.
func (s *storeSource) Reference() types.ImageReference { return s.ref }

// Close implements types.ImageSource.
func (s *storeSource) Close() error { return nil }

// GetManifest implements types.ImageSource.
func (s *storeSource) GetManifest(ctx context.Context, instance *digest.Digest) ([]byte, string, error) {
	d := s.ref.target
	if instance != nil {
		d = *instance
	}
	rc, size, err := s.ref.transport.Store.Get(ctx, d)
	if err != nil {
		return nil, "", err
	}
	defer rc.Close()
	if size > MaxDocument {
		return nil, "", errs.New(errs.Corrupt, "manifest %s: larger than %d bytes", d, MaxDocument)
	}
	data, err := io.ReadAll(io.LimitReader(rc, MaxDocument))
	return data, libmanifest.GuessMIMEType(data), err
}

// GetBlob implements types.ImageSource.
func (s *storeSource) GetBlob(ctx context.Context, info types.BlobInfo, _ types.BlobInfoCache) (io.ReadCloser, int64, error) {
	return s.ref.transport.Store.Get(ctx, info.Digest)
}

// HasThreadSafeGetBlob implements types.ImageSource.
func (s *storeSource) HasThreadSafeGetBlob() bool { return true }

// GetSignatures implements types.ImageSource: the store keeps none.
func (s *storeSource) GetSignatures(context.Context, *digest.Digest) ([][]byte, error) {
	return nil, nil
}

// LayerInfosForCopy implements types.ImageSource.
func (s *storeSource) LayerInfosForCopy(context.Context, *digest.Digest) ([]types.BlobInfo, error) {
	return nil, nil
}
