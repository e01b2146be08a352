package image

import (
	"context"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Tag makes dst a name of the image that src names, in place of what it meant.
// Idempotent.
func (m *Manager) Tag(outer context.Context, src, dst string) (err error) {
	full, err := imageref.Normalize(dst)
	if err != nil {
		return err
	}
	if strings.Contains(full, "@") {
		return errs.New(errs.Invalid, "%s: a tag cannot have a digest", dst)
	}
	ctx, settle := m.watch(outer)
	defer settle(&err)
	img, err := m.resolve(ctx, src)
	if err != nil {
		return err
	}
	s, err := m.store.Begin(ctx)
	if err != nil {
		return err
	}
	defer end(outer, s, &err)
	if err := s.Hold(ctx, img.Digest); err != nil {
		return err
	}
	rec, err := m.store.Image(ctx, img.Name) // it may have gone before it was held
	if err != nil {
		return err
	}
	if rec.Target.Digest != img.Digest {
		return errs.New(errs.Unavailable, "%s became another image just now: try again", src)
	}
	if err := m.store.SetImage(ctx, full, rec.Target); err != nil {
		return err
	}
	m.event("tag", full, img.ID)
	if isNameless(img.Name) { // it has a name now
		return m.store.RemoveImage(ctx, img.Name, false)
	}
	return nil
}
