package images

import (
	"context"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// Manifest returns the manifest that target is, or, when it is an index, the
// one of its manifests that is in the store and fits this machine best, with
// its digest. ctx carries the namespace. Nothing fitting gives kind not_found,
// for what a document can be see manifest.Parse.
func Manifest(ctx context.Context, cc contentapi.ContentClient, target digest.Digest) (digest.Digest, *ocispec.Manifest, error) {
	return find(ctx, cc, target, manifest.MaxDepth)
}

func find(ctx context.Context, cc contentapi.ContentClient, d digest.Digest, depth int) (digest.Digest, *ocispec.Manifest, error) {
	if depth == 0 {
		return "", nil, errs.New(errs.Corrupt, "index %s: nested more than %d deep", d, manifest.MaxDepth)
	}
	data, err := Blob(ctx, cc, d)
	if err != nil {
		return "", nil, err
	}
	entries, m, err := manifest.Parse(d, data)
	if err != nil || m != nil {
		return d, m, err
	}
	for _, e := range manifest.Fitting(entries) {
		got, m, err := find(ctx, cc, e.Digest, depth-1)
		if !errs.Is(err, errs.NotFound) {
			return got, m, err
		}
	}
	return "", nil, errs.New(errs.NotFound, "index %s: none of its manifests is in the store", d)
}
