package image

import (
	"context"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Removed is what Remove did.
type Removed struct {
	Untagged []string      // familiar names
	Deleted  digest.Digest // id of the image, when its last name went
	Parent   digest.Digest // of a deleted image the one that it was committed from, for RemoveParents; empty: none
}

// Remove takes the name target away, and the image with its last name; an id
// takes all names, of several repositories only with force. An image that a
// container uses stays, with kind in_use; force lets it go when no such
// container runs. A name whose image is broken can always be removed.
func (m *Manager) Remove(ctx context.Context, target string, force bool) (removed *Removed, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	img, err := m.resolve(ctx, target)
	if errs.Is(err, errs.Corrupt) {
		return m.removeBroken(ctx, target)
	}
	if err != nil {
		return nil, err
	}
	all, err := m.names(ctx, img.ID)
	if err != nil {
		return nil, err
	}
	gone, err := goes(target, img.Name, all, force)
	if err != nil {
		return nil, err
	}
	last := len(gone) == len(all)
	if last {
		if err := m.unused(target, img.ID, force); err != nil {
			return nil, err
		}
	}
	out := &Removed{}
	if last {
		if d, err := m.store.Details(ctx, img.Digest); err == nil {
			out.Parent = parentOf(d)
		}
	}
	for i, r := range gone {
		if err := m.store.RemoveImage(ctx, r.Name, last && i == len(gone)-1); err != nil {
			return nil, err
		}
		m.event("untag", r.Name, img.ID)
		if !isNameless(r.Name) {
			out.Untagged = append(out.Untagged, imageref.Familiar(r.Name))
		}
	}
	if last {
		out.Deleted = img.ID
		m.event("delete", img.Name, img.ID)
	}
	return out, nil
}

// goes are those of an image's records that go when target, which named it by the record
// found, is removed: that name's, or all of them. An id that has names in several
// repositories fails with kind in_use, unless by force.
func goes(target, found string, all []imagestore.Record, force bool) ([]imagestore.Record, error) {
	if called(target, found) {
		if withoutName(all, found) {
			return all, nil
		}
		return only(all, found), nil
	}
	if n := repositories(all); n > 1 && !force {
		return nil, errs.New(errs.InUse, "unable to delete %s (must be forced): image is referenced in %d repositories", target, n)
	}
	return all, nil
}

// withoutName reports whether an image with these records has no name but one.
func withoutName(all []imagestore.Record, one string) bool {
	return !slices.ContainsFunc(all, func(r imagestore.Record) bool { return r.Name != one && !isNameless(r.Name) })
}

func (m *Manager) removeBroken(ctx context.Context, target string) (*Removed, error) {
	full, err := imageref.Normalize(target)
	if err != nil {
		return nil, err
	}
	err = m.store.RemoveImage(ctx, full, true)
	for _, other := range others(target) {
		if errs.Is(err, errs.NotFound) {
			full, err = other, m.store.RemoveImage(ctx, other, true)
		}
	}
	if err != nil {
		return nil, err
	}
	return &Removed{Untagged: []string{imageref.Familiar(full)}}, nil
}

func only(recs []imagestore.Record, name string) []imagestore.Record {
	for i, r := range recs {
		if r.Name == name {
			return recs[i : i+1]
		}
	}
	return nil
}

func repositories(recs []imagestore.Record) int {
	seen := map[string]bool{}
	for _, r := range recs {
		if p, err := imageref.Split(r.Name); err == nil && !isNameless(r.Name) {
			seen[p.Repository] = true
		}
	}
	return len(seen)
}

// unused fails with kind in_use when a container was made from the image; with
// force, only when it runs. A container that cannot be read counts as another's.
func (m *Manager) unused(target string, id digest.Digest, force bool) error {
	ids, err := m.state.ContainerIDs()
	if err != nil {
		return err
	}
	for _, cid := range ids {
		c, err := m.state.Container(cid)
		if err != nil || c.Image.ConfigDigest != id.String() {
			continue
		}
		alive := m.runs(cid)
		if !alive && (force || m.leaves(c)) {
			continue
		}
		hint := "must be forced"
		if alive {
			hint = "cannot be forced"
		}
		return errs.New(errs.InUse, "unable to remove %s (%s): image is being used by container %s", target, hint, cid[:12])
	}
	return nil
}

// leaves reports whether a container that does not run is being removed: its
// supervisor does that after a --rm container's command has its answer.
func (m *Manager) leaves(c *record.Container) bool {
	st, err := m.state.State(c.ID)
	if err != nil {
		return errs.Is(err, errs.NotFound) // it has just gone
	}
	ran := st.Status != record.Creating && st.Status != record.Created
	return st.Status == record.Removing || c.Policy.AutoRemove && ran
}

func (m *Manager) runs(id string) bool {
	st, err := m.state.State(id)
	if err != nil {
		return false
	}
	boot, err := proc.BootID()
	if err != nil || st.BootID != boot {
		return err != nil
	}
	switch st.Status {
	case record.Creating, record.Restarting:
		return proc.Alive(st.Owner)
	}
	return proc.Alive(st.Init)
}
