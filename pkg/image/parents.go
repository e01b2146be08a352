package image

import (
	"context"
	"encoding/json"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// parentOf is the id of the image that a container was made from when this one was
// committed from it: docker's field parent of the config. Empty: it says none.
func parentOf(d *imagestore.Details) digest.Digest {
	var c struct{ Parent digest.Digest }
	if json.Unmarshal(d.Raw, &c) != nil || c.Parent.Validate() != nil {
		return ""
	}
	return c.Parent
}

// withParent is a config that names the parent.
func withParent(config []byte, parent digest.Digest) ([]byte, error) {
	var c map[string]json.RawMessage
	err := json.Unmarshal(config, &c)
	if err != nil {
		return nil, err
	}
	if c["parent"], err = json.Marshal(parent); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

// RemoveParents removes the image with that id, which is that of Removed.Parent, and its
// parents in turn, as long as an image has no name, no container and no other image that
// was committed from it; what stands in the way ends it and is no error. It returns the
// ids of those that went.
func (m *Manager) RemoveParents(ctx context.Context, id digest.Digest) (gone []digest.Digest, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	for id != "" {
		free, err := m.orphan(ctx, id)
		if err != nil || !free {
			return gone, err
		}
		r, err := m.Remove(ctx, id.String(), false)
		if errs.Is(err, errs.InUse) || errs.Is(err, errs.NotFound) {
			return gone, nil
		}
		if err != nil {
			return gone, err
		}
		gone = append(gone, id)
		id = r.Parent
	}
	return gone, nil
}

// orphan reports whether the image with that id is here, has no name, and is no other's
// parent.
func (m *Manager) orphan(ctx context.Context, id digest.Digest) (bool, error) {
	recs, err := m.store.Images(ctx)
	if err != nil {
		return false, err
	}
	here := false
	for _, r := range recs {
		d, err := m.store.Details(ctx, r.Target.Digest)
		switch {
		case errs.Is(err, errs.Unavailable):
			return false, err
		case err != nil:
			continue // broken, or just removed
		case parentOf(d) == id, d.Manifest.Config.Digest == id && !isNameless(r.Name):
			return false, nil
		case d.Manifest.Config.Digest == id:
			here = true
		}
	}
	return here, nil
}
