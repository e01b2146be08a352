package image

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/registry"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Copying is a copy of an image from one place to another.
type Copying struct {
	Src, Dst         registry.Place
	SrcOpts, DstOpts registry.Options // TempDir is filled in
	registry.CopyOptions
	Tell func(registry.Event) // may be nil, must not block
}

// Copier copies between places; only those of containerd need one.
type Copier struct {
	State  *store.Store
	Images func() (*Manager, error) // opens containerd's images when they are needed; the caller closes them
}

// Copy does c and returns the digest of the manifest or index that the
// destination now has. A copy into containerd is Pull from anywhere: it is
// unpacked, and named when all is there. Errors are those of registry.Copy.
func (cp Copier) Copy(ctx context.Context, c Copying) (digest.Digest, error) {
	dir, remove, err := cp.State.TempDir()
	if err != nil {
		return "", fmt.Errorf("copy: %w", err)
	}
	defer remove()
	c.SrcOpts.TempDir, c.DstOpts.TempDir = dir, dir
	src := registry.End{Place: c.Src, Options: c.SrcOpts}
	dst := registry.End{Place: c.Dst, Options: c.DstOpts}
	if c.Src.Transport != registry.Containerd && c.Dst.Transport != registry.Containerd {
		return registry.Copy(ctx, dst, src, c.CopyOptions, c.Tell)
	}
	m, err := cp.Images()
	if err != nil {
		return "", err
	}
	switch {
	case c.Src.Transport != registry.Containerd:
		return m.copyIn(ctx, c, src)
	case c.Dst.Transport != registry.Containerd:
		return m.copyOut(ctx, c, dst, src)
	}
	return "", errs.New(errs.Invalid, "copy %s to %s: both are in containerd: use pouch-image tag", c.Src, c.Dst)
}

func (m *Manager) copyIn(ctx context.Context, c Copying, src registry.End) (digest.Digest, error) {
	full, err := imageref.Normalize(c.Dst.Rest)
	if err != nil {
		return "", err
	}
	if err := c.asItIs(); err != nil {
		return "", err
	}
	src.All = c.All
	img, err := m.fetch(ctx, []string{full}, full, c.Tell, func(ctx context.Context, s registry.Store, w registry.Watcher) (*registry.Image, error) {
		return registry.Into(ctx, s, src, w)
	})
	if err != nil {
		return "", err
	}
	action := "load"
	if c.Src.Transport == registry.Docker {
		action = "pull"
	}
	m.event(action, full, img.ID)
	return img.Digest, nil
}

// asItIs refuses what cannot be done to an image that comes into containerd.
func (c Copying) asItIs() error {
	switch {
	case c.Format != "" || c.Compress != "" || c.ForceCompress:
		return errs.New(errs.Unsupported, "copy %s to %s: an image comes into containerd as it is: change it there with pouch-image convert", c.Src, c.Dst)
	case c.SignBy != "" || c.SignKey != "":
		return errs.New(errs.Unsupported, "copy %s to %s: containerd keeps no signatures: sign the image in its registry", c.Src, c.Dst)
	}
	return nil
}

// copyOut copies the platform's manifest: of an index, containerd has the others
// only when they were fetched, and all must be there for All.
func (m *Manager) copyOut(outer context.Context, c Copying, dst, src registry.End) (d digest.Digest, err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer end(outer, s, &err)
	name, d, err := m.hold(ctx, s, c.Src.Rest)
	if err != nil {
		return "", err
	}
	src.Digest = d
	if c.Dst.Transport == registry.Docker && c.Dst.Rest == c.Src.Rest && called(c.Src.Rest, name) {
		c.Dst.Rest, dst.Rest = name, name // a push under its own name, which may be short here
	}
	if c.All {
		img, err := m.resolve(ctx, c.Src.Rest)
		if err != nil {
			return "", err
		}
		src.Digest = img.Digest
	}
	src.Store = s
	if d, err = registry.Copy(ctx, dst, src, c.CopyOptions, c.Tell); err == nil {
		m.copied(ctx, c)
	}
	return d, err
}

// copied tells of a copy out of containerd, in docker's words.
func (m *Manager) copied(ctx context.Context, c Copying) {
	action, name := "save", c.Src.Rest
	if c.Dst.Transport == registry.Docker {
		action, name = "push", c.Dst.Rest
	}
	img, err := m.resolve(ctx, c.Src.Rest)
	if err != nil {
		return
	}
	full, err := imageref.Normalize(name)
	if err != nil {
		full = img.Name
	}
	m.event(action, full, img.ID)
}

// hold keeps the image that target names for the session, and returns its full
// name and the digest of its manifest.
func (m *Manager) hold(ctx context.Context, s *imagestore.Session, target string) (name string, manifest digest.Digest, err error) {
	img, err := m.resolve(ctx, target)
	if err != nil {
		return "", "", err
	}
	if err := s.Hold(ctx, img.Digest); err != nil {
		return "", "", err
	}
	d, err := m.store.Details(ctx, img.Digest)
	if errs.Is(err, errs.NotFound) {
		return "", "", errs.New(errs.NotFound, "no such image: %s", target)
	}
	if err != nil {
		return "", "", err
	}
	return img.Name, d.Digest, nil
}
