package image

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Untag takes names away from the image that target names, all when none is
// given, and returns those that went, familiar. The image stays, without a name
// if need be. A name of another image gives kind not_found, and nothing is done.
func (m *Manager) Untag(ctx context.Context, target string, names []string) (gone []string, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	img, err := m.resolve(ctx, target)
	if err != nil {
		return nil, err
	}
	all, err := m.names(ctx, img.ID)
	if err != nil {
		return nil, err
	}
	going, err := chosen(all, names)
	if err != nil {
		return nil, err
	}
	if len(going) == len(all) && len(going) > 0 {
		if err := m.store.SetImage(ctx, nameless(img.ID), going[0].Target); err != nil {
			return nil, err
		}
	}
	for _, r := range going {
		if err := m.store.RemoveImage(ctx, r.Name, false); err != nil {
			return gone, err
		}
		m.event("untag", r.Name, img.ID)
		gone = append(gone, imageref.Familiar(r.Name))
	}
	return gone, nil
}

// chosen are the records of all that names name, or all that have a name.
func chosen(all []imagestore.Record, names []string) (out []imagestore.Record, err error) {
	if len(names) == 0 {
		for _, r := range all {
			if !isNameless(r.Name) {
				out = append(out, r)
			}
		}
		return out, nil
	}
	seen := map[string]bool{}
	for _, n := range names {
		full, err := imageref.Normalize(n)
		if err != nil {
			return nil, err
		}
		if seen[full] {
			continue
		}
		seen[full] = true
		one := only(all, full)
		for _, other := range others(n) {
			if len(one) == 0 {
				one = only(all, other)
			}
		}
		if len(one) == 0 {
			return nil, errs.New(errs.NotFound, "%s is no name of this image", n)
		}
		out = append(out, one...)
	}
	return out, nil
}

// Exists reports whether target names an image that is here.
func (m *Manager) Exists(ctx context.Context, target string) (there bool, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	_, err = m.resolve(ctx, target)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}
