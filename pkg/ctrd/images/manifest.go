package images

import (
	"context"
	"encoding/json"
	"runtime"
	"sort"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Limits of an index, against one that is made to be slow.
const (
	maxEntries = 10_000
	maxDepth   = 4
)

// Manifest returns the manifest that target is, or, when it is an index, the
// one of its manifests that is in the store and fits this machine best, with
// its digest. ctx carries the namespace. Nothing fitting gives kind not_found,
// a document that is manifest and index at once (CVE-2021-41190) kind corrupt.
func Manifest(ctx context.Context, cc contentapi.ContentClient, target digest.Digest) (digest.Digest, *ocispec.Manifest, error) {
	return manifest(ctx, cc, target, maxDepth)
}

func manifest(ctx context.Context, cc contentapi.ContentClient, d digest.Digest, depth int) (digest.Digest, *ocispec.Manifest, error) {
	if depth == 0 {
		return "", nil, errs.New(errs.Corrupt, "index %s: nested more than %d deep", d, maxDepth)
	}
	data, err := Blob(ctx, cc, d)
	if err != nil {
		return "", nil, err
	}
	entries, m, err := ParseManifest(d, data)
	if err != nil || m != nil {
		return d, m, err
	}
	for _, e := range Fitting(entries) {
		got, m, err := manifest(ctx, cc, e.Digest, depth-1)
		if !errs.Is(err, errs.NotFound) {
			return got, m, err
		}
	}
	return "", nil, errs.New(errs.NotFound, "index %s: none of its manifests is in the store", d)
}

// ParseManifest reads a manifest, or the entries of an index; exactly one of
// the two results is set. d is for the errors, which have kind corrupt.
func ParseManifest(d digest.Digest, data []byte) (entries []ocispec.Descriptor, m *ocispec.Manifest, err error) {
	var both struct {
		ocispec.Manifest
		Manifests []ocispec.Descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(data, &both); err != nil {
		return nil, nil, errs.New(errs.Corrupt, "manifest %s: %w", d, err)
	}
	isIndex, isManifest := both.Manifests != nil, both.Config.Digest != "" || both.Layers != nil
	switch {
	case isIndex && isManifest:
		return nil, nil, errs.New(errs.Corrupt, "manifest %s: is both a manifest and an index", d)
	case isIndex && len(both.Manifests) > maxEntries:
		return nil, nil, errs.New(errs.Corrupt, "index %s: more than %d entries", d, maxEntries)
	case isIndex:
		return both.Manifests, nil, nil
	case both.Config.Digest == "" || len(both.Layers) > maxEntries:
		return nil, nil, errs.New(errs.Corrupt, "manifest %s: not an image's", d)
	}
	return nil, &both.Manifest, nil
}

// Fitting orders the entries of an index: those for this machine first, then
// the rest; attestations and other things that are no image are left out.
func Fitting(entries []ocispec.Descriptor) []ocispec.Descriptor {
	out := make([]ocispec.Descriptor, 0, len(entries))
	for _, e := range entries {
		if e.Platform == nil || e.Platform.OS != "unknown" {
			out = append(out, e)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return fit(out[i]) > fit(out[j]) })
	return out
}

// fit is 3 for this machine's platform, 2 for a variant of it, 1 for an entry
// without a platform, 0 for another machine's.
func fit(d ocispec.Descriptor) int {
	p := d.Platform
	switch {
	case p == nil:
		return 1
	case p.OS != "linux" || p.Architecture != runtime.GOARCH:
		return 0
	case p.Variant == "" || (p.Architecture == "arm64" && p.Variant == "v8"):
		return 3
	}
	return 2
}
