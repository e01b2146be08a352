package image

import (
	"context"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CommitOpts are the options of Commit.
type CommitOpts struct {
	Author  string
	Comment string
	Changes []string // lines of a Dockerfile
}

// Commit makes an image of what container id, which is to be at rest, has in
// its root, with its configuration: mounts and secrets are no part of it. ref
// names the image; empty: the id does. It fails with kind not_found, invalid,
// unsupported for a container without an image, or corrupt when the content of
// its image is gone.
func (m *Manager) Commit(outer context.Context, id, ref string, o CommitOpts) (img *Image, err error) {
	name := ""
	if ref != "" {
		if name, err = commitName(ref); err != nil {
			return nil, err
		}
	}
	ctx, settle := m.watch(outer)
	defer settle(&err)
	c, err := m.state.Container(id)
	if err != nil {
		return nil, err
	}
	if c.Image.Rootfs != "" {
		return nil, errs.New(errs.Unsupported, "its root is the folder %s, not an image's", c.Image.Rootfs)
	}
	base, err := m.store.Details(ctx, digest.Digest(c.Image.Digest))
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.Corrupt, "the content of its image %s is gone: pull %s again: %w", c.Image.Name, c.Image.Ref, err)
	}
	if err != nil {
		return nil, err
	}
	s, err := m.store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(outer, s, &err)
	s.Lock = m.lock
	made, err := commit(ctx, s, c, base, o)
	if err != nil {
		return nil, err
	}
	return m.named(ctx, name, made, "commit")
}

// commitName is the full reference of a new image: a name, with a tag or none.
func commitName(ref string) (string, error) {
	full, err := imageref.Normalize(ref)
	if err != nil {
		return "", err
	}
	if strings.Contains(full, "@") {
		return "", errs.New(errs.Invalid, "%s: an image that is made has a tag, not a digest", ref)
	}
	return full, nil
}

// committed is an image that is complete but has no name yet.
type committed struct{ config, target ocispec.Descriptor }

// named gives a new image its name, without one that of its id, and tells the event
// that it came from.
func (m *Manager) named(ctx context.Context, name string, made *committed, action string) (*Image, error) {
	if name == "" {
		name = nameless(made.config.Digest)
	}
	if err := m.store.SetImage(ctx, name, made.target); err != nil {
		return nil, err
	}
	m.event(action, name, made.config.Digest)
	return &Image{Name: name, ID: made.config.Digest, Digest: made.target.Digest}, nil
}

// commit stores layer, config and manifest, and unpacks the layer.
func commit(ctx context.Context, s *imagestore.Session, c *record.Container, base *imagestore.Details, o CommitOpts) (*committed, error) {
	if err := s.Hold(ctx, base.Digest); err != nil {
		return nil, err
	}
	layer, diffID, err := s.Diff(ctx, c.SnapshotKey(), c.Image.ChainID)
	if err != nil {
		return nil, err
	}
	data, err := commitConfig(c, base.Raw, diffID, o, time.Now().UTC())
	if err == nil {
		data, err = withParent(data, base.Manifest.Config.Digest)
	}
	if err != nil {
		return nil, err
	}
	mf := *base.Manifest
	mf.Annotations, mf.Subject, mf.ArtifactType = nil, nil, ""
	if docker := strings.HasPrefix(mf.Config.MediaType, "application/vnd.docker."); docker {
		layer.MediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip"
	} else {
		mf.Versioned, mf.MediaType = specs.Versioned{SchemaVersion: 2}, ocispec.MediaTypeImageManifest
		mf.Config.MediaType = ocispec.MediaTypeImageConfig
	}
	mf.Layers = append(append([]ocispec.Descriptor(nil), mf.Layers...), layer)
	diffIDs := append(append([]digest.Digest(nil), base.Config.RootFS.DiffIDs...), diffID)
	return complete(ctx, s, mf, data, diffIDs)
}
