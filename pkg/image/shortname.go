package image

import (
	"context"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/manifest"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// lookup finds the image that target names. A short name means what docker means by it;
// where no such image is here, what registries.conf makes of it (registry.FullNames).
func (m *Manager) lookup(ctx context.Context, target string) (*images.Resolved, error) {
	content := images.Content{Conn: m.store.Conn(), Namespace: m.store.Namespace()}
	return lookup(target, func(ref string) (*images.Resolved, error) { return images.Lookup(ctx, content, ref) })
}

func lookup(target string, find func(ref string) (*images.Resolved, error)) (*images.Resolved, error) {
	r, err := find(target)
	if !errs.Is(err, errs.NotFound) {
		return r, err
	}
	for _, full := range others(target) {
		if r, ferr := find(full); !errs.Is(ferr, errs.NotFound) {
			return r, ferr
		}
	}
	return nil, err
}

// others are the full names that registries.conf gives a short one, beside docker's;
// none where the file cannot be read.
func others(target string) []string {
	full, err := registry.FullNames(target)
	plain, perr := imageref.Normalize(target)
	if err != nil || perr != nil {
		return nil
	}
	return slices.DeleteFunc(full, func(n string) bool { return n == plain })
}

// called reports whether target is the full name, or short for it: not the beginning of
// an id.
func called(target, full string) bool {
	plain, err := imageref.Normalize(target)
	return err == nil && (plain == full || slices.Contains(others(target), full))
}

// here returns the image that target names, for the platform unless that is empty; nil:
// it is not here.
func (m *Manager) here(ctx context.Context, target, platform string) (img *Image, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	content := images.Content{Conn: m.store.Conn(), Namespace: m.store.Namespace()}
	find := func(ref string) (*images.Resolved, error) { return images.Lookup(ctx, content, ref) }
	if platform != "" {
		p, err := manifest.ParsePlatform(platform)
		if err != nil {
			return nil, err
		}
		find = func(ref string) (*images.Resolved, error) { return images.LookupFor(ctx, content, ref, p) }
	}
	r, err := lookup(target, find)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Image{Name: r.Ref, ID: r.ConfigDigest, Digest: r.Digest}, nil
}
