package images

import (
	"context"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// Manifest returns the manifest that target is, or, when it is an index, the
// one of its manifests that is in the store and fits this machine best, with
// its digest. Nothing fitting gives kind not_found, for what a document can be
// see manifest.Parse.
func (c Content) Manifest(ctx context.Context, target digest.Digest) (digest.Digest, *ocispec.Manifest, error) {
	return c.find(ctx, target, manifest.Platform{}, manifest.MaxDepth)
}

func (c Content) find(ctx context.Context, d digest.Digest, p manifest.Platform, depth int) (digest.Digest, *ocispec.Manifest, error) {
	if depth == 0 {
		return "", nil, errs.New(errs.Corrupt, "index %s: nested more than %d deep", d, manifest.MaxDepth)
	}
	data, err := c.Blob(ctx, d)
	if err != nil {
		return "", nil, err
	}
	entries, m, err := manifest.Parse(d, data)
	if err != nil || m != nil {
		return d, m, err
	}
	for _, e := range p.Fitting(entries) {
		got, m, err := c.find(ctx, e.Digest, p, depth-1)
		if !errs.Is(err, errs.NotFound) {
			return got, m, err
		}
	}
	return "", nil, errs.New(errs.NotFound, "index %s: none of its manifests is in the store", d)
}
