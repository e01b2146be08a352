package image

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// conversion is one image being converted.
type conversion struct {
	Conversion
	session *imagestore.Session
	layers  map[digest.Digest]layerMade // by the blob that they are made of
}

// image converts what target is, unpacks the image for this machine, and gives it
// no name.
func (cv *conversion) image(ctx context.Context, target digest.Digest) (*committed, error) {
	desc, err := cv.target(ctx, target)
	if err != nil {
		return nil, err
	}
	d, err := cv.session.Details(ctx, desc.Digest)
	if err != nil {
		return nil, err
	}
	there := func(context.Context, digest.Digest) error { return nil }
	if err := cv.session.Unpack(ctx, d.Manifest.Layers, d.Config.RootFS.DiffIDs, there); err != nil {
		return nil, err
	}
	err = cv.session.Finish(ctx, d.Manifest.Config.Digest, d.Config.RootFS.DiffIDs)
	return &committed{d.Manifest.Config, desc}, err
}

// target converts an index, or of one that is not wanted whole, its manifest for this
// machine, or a manifest.
func (cv *conversion) target(ctx context.Context, d digest.Digest) (ocispec.Descriptor, error) {
	data, err := cv.session.Document(ctx, d)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	entries, _, err := manifest.Parse(d, data)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if entries != nil && cv.All {
		return cv.index(ctx, d, data)
	}
	details, err := cv.session.Details(ctx, d)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return cv.manifest(ctx, details.Digest)
}

// index converts every image of an index. What is no image, such as an attestation,
// is about one that is not there any more, and is left out.
func (cv *conversion) index(ctx context.Context, d digest.Digest, data []byte) (none ocispec.Descriptor, err error) {
	var x ocispec.Index
	if err := json.Unmarshal(data, &x); err != nil {
		return none, errs.New(errs.Corrupt, "index %s: %w", d, err)
	}
	docker := cv.docker(x.MediaType)
	entries := []ocispec.Descriptor{}
	for _, e := range x.Manifests {
		if p := e.Platform; p != nil && (p.OS == "" || p.OS == "unknown") {
			continue
		}
		made, err := cv.manifest(ctx, e.Digest)
		if errs.Is(err, errs.NotFound) {
			return none, errs.New(errs.NotFound, "%w: --all needs every platform: pull it with --all-platforms", err)
		}
		if err != nil {
			return none, err
		}
		made.Platform = e.Platform
		if !docker {
			made.Annotations = e.Annotations
		}
		entries = append(entries, made)
	}
	x.Versioned, x.MediaType, x.Manifests = specs.Versioned{SchemaVersion: 2}, indexType(docker), entries
	x.Subject = nil
	if docker {
		x.Annotations, x.ArtifactType = nil, ""
	}
	desc, text, err := described(x, x.MediaType)
	if err != nil {
		return none, err
	}
	for _, e := range entries {
		if err := cv.session.PutManifest(ctx, desc.Digest, text, e.Digest); err != nil {
			return none, err
		}
	}
	return desc, nil
}

// manifest converts one image: its layers, and with them config and manifest.
func (cv *conversion) manifest(ctx context.Context, d digest.Digest) (none ocispec.Descriptor, err error) {
	data, err := cv.session.Document(ctx, d)
	if err != nil {
		return none, err
	}
	_, m, err := manifest.Parse(d, data)
	if err != nil {
		return none, err
	}
	if m == nil {
		return none, errs.New(errs.Unsupported, "manifest %s: an index in an index", d)
	}
	raw, err := cv.session.Document(ctx, m.Config.Digest)
	if err != nil {
		return none, err
	}
	config, err := manifest.Config(m, raw)
	if err != nil {
		return none, err
	}
	docker := cv.docker(m.Config.MediaType)
	layers, diffIDs, err := cv.all(ctx, m.Layers, config.RootFS.DiffIDs, docker)
	if err != nil {
		return none, err
	}
	if raw, err = withDiffIDs(raw, config.RootFS.DiffIDs, diffIDs); err != nil {
		return none, err
	}
	m.Versioned, m.MediaType, m.Layers, m.Subject = specs.Versioned{SchemaVersion: 2}, manifestType(docker), layers, nil
	if docker {
		m.Annotations, m.ArtifactType = nil, ""
	}
	m.Config = ocispec.Descriptor{MediaType: configType(docker), Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if _, _, err := cv.session.Put(ctx, m.Config.Digest, m.Config.Size, bytes.NewReader(raw)); err != nil {
		return none, err
	}
	desc, text, err := described(m, m.MediaType)
	if err != nil {
		return none, err
	}
	return desc, cv.session.PutManifest(ctx, desc.Digest, text, "")
}

// docker reports whether the new manifest is docker's; mediaType is the old one's.
func (cv *conversion) docker(mediaType string) bool {
	if cv.Format == "" {
		return isDocker(mediaType)
	}
	return cv.Format == "v2s2"
}

// described is a document with what describes it.
func described(v any, mediaType string) (ocispec.Descriptor, []byte, error) {
	text, err := json.Marshal(v)
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(text), Size: int64(len(text))}, text, err
}
