// Package manifest reads image manifests and indexes of the OCI image
// specification and their docker twins. Pure; what it reads may be hostile.
package manifest

import (
	"encoding/json"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Limits of what is read.
const (
	MaxEntries = 10_000 // of an index
	MaxLayers  = 500    // of an image: what overlayfs can stack
	MaxDepth   = 4      // of indexes in indexes
	maxSize    = 1 << 40
)

// Parse reads a manifest, or the entries of an index; exactly one of the two
// results is set. d is for the errors. A document that is both (CVE-2021-41190),
// broken, or over the limits gives kind corrupt; docker's schema 1 and things
// that are no image give kind unsupported.
func Parse(d digest.Digest, data []byte) (entries []ocispec.Descriptor, m *ocispec.Manifest, err error) {
	var both struct {
		ocispec.Manifest
		Manifests []ocispec.Descriptor `json:"manifests"`
		FSLayers  json.RawMessage      `json:"fsLayers"`
	}
	if err := json.Unmarshal(data, &both); err != nil {
		return nil, nil, errs.New(errs.Corrupt, "manifest %s: %w", d, err)
	}
	isIndex, isManifest := both.Manifests != nil, both.Config.Digest != "" || both.Layers != nil
	switch {
	case isIndex && (isManifest || both.FSLayers != nil), isManifest && both.FSLayers != nil:
		return nil, nil, errs.New(errs.Corrupt, "manifest %s: ambiguous: two kinds of document in one (CVE-2021-41190)", d)
	case isIndex && len(both.Manifests) > MaxEntries:
		return nil, nil, errs.New(errs.Corrupt, "index %s: more than %d entries", d, MaxEntries)
	case isIndex:
		return both.Manifests, nil, nil
	case both.FSLayers != nil:
		return nil, nil, errs.New(errs.Unsupported, "manifest %s: docker's schema 1: push the image anew with a current tool", d)
	case both.Config.Digest == "":
		return nil, nil, errs.New(errs.Unsupported, "manifest %s: not an image", d)
	case !imageConfig(both.Config.MediaType):
		return nil, nil, errs.New(errs.Unsupported, "manifest %s: not a container image but %s", d, both.Config.MediaType)
	}
	return nil, &both.Manifest, check(d, &both.Manifest)
}

// imageConfig reports whether a media type is that of an image's config.
func imageConfig(mediaType string) bool {
	switch mediaType {
	case "", ocispec.MediaTypeImageConfig, "application/vnd.docker.container.image.v1+json":
		return true
	}
	return false
}

func check(d digest.Digest, m *ocispec.Manifest) error {
	if len(m.Layers) > MaxLayers {
		return errs.New(errs.Corrupt, "manifest %s: more than %d layers", d, MaxLayers)
	}
	for _, e := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
		if err := e.Digest.Validate(); err != nil {
			return errs.New(errs.Corrupt, "manifest %s: digest %q: %w", d, e.Digest, err)
		}
		if e.Size < 0 || e.Size > maxSize {
			return errs.New(errs.Corrupt, "manifest %s: blob %s cannot be %d bytes long", d, e.Digest, e.Size)
		}
	}
	return nil
}

// Config reads an image's config and checks that it has a diff id for each of
// the manifest's layers. Errors have kind corrupt.
func Config(m *ocispec.Manifest, data []byte) (*ocispec.Image, error) {
	img := &ocispec.Image{}
	if err := json.Unmarshal(data, img); err != nil {
		return nil, errs.New(errs.Corrupt, "image config %s: %w", m.Config.Digest, err)
	}
	if n, c := len(m.Layers), len(img.RootFS.DiffIDs); n != c {
		return nil, errs.New(errs.Corrupt, "image config %s: %d layers, the manifest has %d", m.Config.Digest, c, n)
	}
	for _, d := range img.RootFS.DiffIDs {
		if err := d.Validate(); err != nil {
			return nil, errs.New(errs.Corrupt, "image config %s: digest %q: %w", m.Config.Digest, d, err)
		}
	}
	return img, nil
}

// Fitting orders the entries of an index: those for this machine first, then
// the rest; attestations and other things that are no image are left out.
func Fitting(entries []ocispec.Descriptor) []ocispec.Descriptor { return Platform{}.Fitting(entries) }
