package image

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// lookup finds the image that target names. A short name means what docker means by it;
// where no such image is here, what registries.conf makes of it (registry.FullName).
func (m *Manager) lookup(ctx context.Context, target string) (*images.Resolved, error) {
	content := images.Content{Conn: m.store.Conn(), Namespace: m.store.Namespace()}
	r, err := images.Lookup(ctx, content, target)
	if !errs.Is(err, errs.NotFound) {
		return r, err
	}
	full := alias(target)
	if full == "" {
		return nil, err
	}
	if r, ferr := images.Lookup(ctx, content, full); !errs.Is(ferr, errs.NotFound) {
		return r, ferr
	}
	return nil, err
}

// alias is the full name that registries.conf gives a short one; "": no other than
// docker's, or the file cannot be read.
func alias(target string) string {
	full, err := registry.FullName(target)
	if plain, perr := imageref.Normalize(target); err != nil || perr != nil || plain == full {
		return ""
	}
	return full
}

// called reports whether target is the full name, or short for it: not the beginning of
// an id.
func called(target, full string) bool {
	plain, err := imageref.Normalize(target)
	return err == nil && (plain == full || alias(target) == full)
}

// Here returns the image that target names; nil: it is not here.
func (m *Manager) Here(ctx context.Context, target string) (img *Image, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	img, err = m.resolve(ctx, target)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return img, err
}
