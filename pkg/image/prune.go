package image

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Pruned is what Prune took away.
type Pruned struct {
	Untagged []string        // familiar names
	Deleted  []digest.Digest // ids
	Freed    int64           // bytes of layers that no image uses any more, and of unfinished pulls
}

// Prune removes the images without a tag that no container was made from, with
// all those with tags too. keep, which may be nil, tells which stay. One that
// meanwhile got a container, or a name, stays. What pulls that did not come to their end have
// left goes as well. What could not be removed does not keep the
// others; the errors come together.
func (m *Manager) Prune(ctx context.Context, all bool, keep func(Entry) bool) (*Pruned, error) {
	list, err := m.List(ctx, func(string, error) {})
	if err != nil {
		return nil, err
	}
	before, err := m.layerBytes(ctx)
	if err != nil {
		return nil, err
	}
	out := &Pruned{}
	var failed []error
	for _, e := range list {
		if e.Tag != "" && !all || keep != nil && keep(e) {
			continue
		}
		r, err := m.pruneOne(ctx, e)
		switch {
		case errs.Is(err, errs.InUse) || errs.Is(err, errs.NotFound):
		case err != nil:
			failed = append(failed, err)
		default:
			out.Untagged = append(out.Untagged, r.Untagged...)
			if r.Deleted != "" {
				out.Deleted = append(out.Deleted, r.Deleted)
			}
		}
	}
	after, err := m.layerBytes(ctx)
	partial, perr := m.dropPartials(ctx)
	out.Freed = max(0, before-after) + partial
	return out, errors.Join(append(failed, err, perr)...)
}

func (m *Manager) dropPartials(ctx context.Context) (n int64, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	return m.store.DropPartials(ctx)
}

// pruneOne removes one name, unless its image has a container.
func (m *Manager) pruneOne(ctx context.Context, e Entry) (*Removed, error) {
	if err := m.unused(imageref.Familiar(e.Name), e.ID, false); err != nil {
		return nil, err
	}
	if !isNameless(e.Name) {
		return m.Remove(ctx, e.Name, false)
	}
	all, err := m.names(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	if !withoutName(all, e.Name) {
		return nil, errs.New(errs.InUse, "image %s has been given a name", e.ID)
	}
	return m.Remove(ctx, e.ID.String(), false)
}

// layerBytes is the size of all layers that images use, each counted once.
func (m *Manager) layerBytes(ctx context.Context) (n int64, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	recs, err := m.store.Images(ctx)
	if err != nil {
		return 0, err
	}
	seen := map[digest.Digest]bool{}
	for _, r := range recs {
		d, err := m.store.Details(ctx, r.Target.Digest)
		if err != nil {
			continue // broken, or just removed
		}
		ids := d.Config.RootFS.DiffIDs
		for i := range ids {
			chain := identity.ChainID(ids[:i+1])
			if seen[chain] {
				continue
			}
			seen[chain] = true
			upto, err := m.store.Usage(ctx, ids[:i+1])
			if err != nil {
				continue
			}
			below, err := m.store.Usage(ctx, ids[:i])
			if err == nil {
				n += upto - below
			}
		}
	}
	return n, nil
}
