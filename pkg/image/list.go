package image

import (
	"context"
	"sort"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Entry is one name of an image in a list.
type Entry struct {
	Image
	Repository string // familiar; "" when it has no name
	Tag        string // "" when the name is a digest
	Created    time.Time
	Size       int64 // bytes, unpacked
	Labels     map[string]string
}

// List returns every name, the newest image first. Names whose image cannot be
// read are left out and given to broken.
func (m *Manager) List(ctx context.Context, broken func(name string, err error)) (list []Entry, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	recs, err := m.store.Images(ctx)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, r := range recs {
		d, err := m.store.Details(ctx, r.Target.Digest)
		switch {
		case errs.Is(err, errs.Unavailable):
			return nil, err
		case err != nil:
			broken(r.Name, err)
			continue
		}
		out = append(out, m.entry(ctx, r, d))
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if !a.Created.Equal(b.Created) {
			return a.Created.After(b.Created)
		}
		return a.Name < b.Name
	})
	return withoutTwins(out), nil
}

func (m *Manager) entry(ctx context.Context, r imagestore.Record, d *imagestore.Details) Entry {
	e := Entry{Image: Image{Name: r.Name, ID: d.Manifest.Config.Digest, Digest: r.Target.Digest}, Labels: d.Config.Config.Labels}
	if d.Config.Created != nil {
		e.Created = *d.Config.Created
	}
	if p, err := imageref.Split(r.Name); err == nil && !isNameless(r.Name) {
		e.Repository, e.Tag = p.Repository, p.Tag
	}
	if n, err := m.store.Usage(ctx, d.Config.RootFS.DiffIDs); err == nil {
		e.Size = n
	}
	return e
}

// withoutTwins drops names by digest where the repository has a tag for the
// same image, and what stands for no name where the image has one (again).
func withoutTwins(in []Entry) []Entry {
	type key struct {
		repository string
		digest     digest.Digest
	}
	tagged, named := map[key]bool{}, map[digest.Digest]bool{}
	for _, e := range in {
		if !isNameless(e.Name) {
			named[e.ID] = true
		}
		if e.Tag != "" {
			tagged[key{e.Repository, e.Digest}] = true
		}
	}
	out := in[:0]
	for _, e := range in {
		twin := e.Tag == "" && tagged[key{e.Repository, e.Digest}] || isNameless(e.Name) && named[e.ID]
		if !twin {
			out = append(out, e)
		}
	}
	return out
}
