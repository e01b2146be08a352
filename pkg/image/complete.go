package image

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
)

// complete stores an image whose layers are in the store: its config, which mf
// is made to name, the manifest itself, and the unpacked layers.
func complete(ctx context.Context, s *imagestore.Session, mf ocispec.Manifest, config []byte, diffIDs []digest.Digest) (*committed, error) {
	mf.Config = ocispec.Descriptor{MediaType: mf.Config.MediaType, Digest: digest.FromBytes(config), Size: int64(len(config))}
	if _, _, err := s.Put(ctx, mf.Config.Digest, mf.Config.Size, bytes.NewReader(config)); err != nil {
		return nil, err
	}
	text, err := json.Marshal(mf)
	if err != nil {
		return nil, err
	}
	target := ocispec.Descriptor{MediaType: mf.MediaType, Digest: digest.FromBytes(text), Size: int64(len(text))}
	if err := s.PutManifest(ctx, target.Digest, text, ""); err != nil {
		return nil, err
	}
	there := func(context.Context, digest.Digest) error { return nil }
	if err := s.Unpack(ctx, mf.Layers, diffIDs, there); err != nil {
		return nil, err
	}
	return &committed{mf.Config, target}, s.Finish(ctx, mf.Config.Digest, diffIDs)
}
