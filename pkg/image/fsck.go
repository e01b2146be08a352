package image

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// Problem is something that Check found broken.
type Problem struct {
	Image string // familiar name, or id; "" of no image
	Text  string // what is wrong
}

// Checked is what Check found.
type Checked struct {
	Images   int   // names
	Blobs    int   // in the content store
	Bytes    int64 // of blobs
	Orphans  int   // blobs that no image needs: of pulls that are at work, or to be collected
	Lost     int64 // bytes of orphans
	Problems []Problem

	broken map[string]bool // full names
	bad    map[digest.Digest]bool
	chains [][]digest.Digest // diff ids of chains that are broken
}

// Check compares every blob with its digest, and looks whether all is there that
// the images need: manifests, configs, layers, and the unpacked layers with their
// folders. It changes nothing. What the files in unpacked layers contain is not
// known, and not checked.
func (m *Manager) Check(outer context.Context) (out *Checked, err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(outer, s, &err)
	return m.check(ctx, s, nil)
}

// Repair is Check, then removes broken blobs, and the names of the images that
// need them, which it returns, familiar: those are to be pulled again. Orphans
// are collected. Containers keep what they run from.
func (m *Manager) Repair(outer context.Context) (out *Checked, again []string, err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer end(outer, s, &err)
	if out, err = m.check(ctx, s, nil); err != nil {
		return nil, nil, err
	}
	for name := range out.broken {
		if err := m.store.RemoveImage(ctx, name, false); err != nil {
			return out, again, err
		}
		again = append(again, imageref.Familiar(name))
	}
	slices.Sort(again)
	for d := range out.bad {
		if err := m.store.DropBlob(ctx, d); err != nil {
			return out, again, err
		}
	}
	for _, c := range out.chains {
		if err := m.store.DropChain(ctx, c); err != nil {
			return out, again, err
		}
	}
	_, err = m.store.DropPartials(ctx)
	return out, again, errors.Join(err, s.Collect(ctx))
}

// check is Check of the names that pick, which may be nil, takes; the blobs are
// those of these images alone then.
func (m *Manager) check(ctx context.Context, s *imagestore.Session, pick func(imagestore.Record) bool) (*Checked, error) {
	recs, err := m.store.Images(ctx)
	if err != nil {
		return nil, err
	}
	c := checking{
		Checked: &Checked{broken: map[string]bool{}, bad: map[digest.Digest]bool{}},
		session: s, good: map[digest.Digest]bool{},
	}
	for _, r := range recs { // before the list: what they need is in it
		if err := s.Hold(ctx, r.Target.Digest); err != nil {
			return nil, err
		}
	}
	if c.there, err = m.store.Blobs(ctx); err != nil {
		return nil, err
	}
	for _, r := range recs {
		if pick != nil && !pick(r) {
			continue
		}
		c.Images++
		if err := c.image(ctx, r); err != nil {
			return nil, err
		}
		if c.broken[r.Name] && !m.means(ctx, r) { // it went while it was looked at
			delete(c.broken, r.Name)
			c.Problems = slices.DeleteFunc(c.Problems, func(p Problem) bool { return p.Image == imageref.Familiar(r.Name) })
		}
	}
	return c.Checked, c.rest(ctx, pick == nil)
}

// means reports whether the name still means what the record says.
func (m *Manager) means(ctx context.Context, r imagestore.Record) bool {
	now, err := m.store.Image(ctx, r.Name)
	return err == nil && now.Target.Digest == r.Target.Digest
}

// checking is a check at work.
type checking struct {
	*Checked
	session *imagestore.Session
	there   map[digest.Digest]int64
	good    map[digest.Digest]bool // read, and needed by an image
}

// found notes what is wrong with an image; an error that does not tell of the
// content is returned.
func (c *checking) found(r imagestore.Record, err error) error {
	if !errs.Is(err, errs.Corrupt) && !errs.Is(err, errs.NotFound) {
		return err
	}
	c.broken[r.Name] = true
	c.Problems = append(c.Problems, Problem{imageref.Familiar(r.Name), err.Error()})
	return nil
}

// blob reads a blob once.
func (c *checking) blob(ctx context.Context, d digest.Digest) error {
	if c.good[d] {
		return nil
	}
	if _, ok := c.there[d]; !ok {
		return errs.New(errs.Corrupt, "blob %s: missing", d)
	}
	if c.bad[d] {
		return errs.New(errs.Corrupt, "blob %s: the content has another digest", d)
	}
	err := c.session.Intact(ctx, d)
	if errs.Is(err, errs.Corrupt) {
		c.bad[d] = true
	}
	c.good[d] = err == nil
	return err
}

// image checks all that a name leads to.
func (c *checking) image(ctx context.Context, r imagestore.Record) error {
	entries, err := c.document(ctx, r, r.Target.Digest)
	if err != nil {
		return c.found(r, err)
	}
	if entries == nil {
		return nil
	}
	some := false
	for _, d := range entries {
		if _, ok := c.there[d]; !ok {
			continue // of a platform that was not pulled
		}
		some = true
		if _, err := c.document(ctx, r, d); err != nil {
			if err := c.found(r, err); err != nil {
				return err
			}
		}
	}
	if !some {
		return c.found(r, errs.New(errs.Corrupt, "index %s: none of its manifests is there", r.Target.Digest))
	}
	return nil
}

// document checks a manifest with all that it names, or an index alone, whose
// entries it returns.
func (c *checking) document(ctx context.Context, r imagestore.Record, d digest.Digest) (entries []digest.Digest, err error) {
	if err := c.blob(ctx, d); err != nil {
		return nil, err
	}
	data, err := c.session.Document(ctx, d)
	if err != nil {
		return nil, err
	}
	list, mf, err := manifest.Parse(d, data)
	if err != nil {
		return nil, err
	}
	if mf == nil {
		entries = []digest.Digest{}
		for _, e := range list {
			entries = append(entries, e.Digest)
		}
		return entries, nil
	}
	if err := c.blob(ctx, mf.Config.Digest); err != nil {
		return nil, err
	}
	for _, l := range mf.Layers {
		if err := c.blob(ctx, l.Digest); err != nil {
			if err := c.found(r, err); err != nil {
				return nil, err
			}
		}
	}
	if data, err = c.session.Document(ctx, mf.Config.Digest); err != nil {
		return nil, err
	}
	config, err := manifest.Config(mf, data)
	if err != nil {
		return nil, err
	}
	return nil, c.chain(ctx, mf.Config.Digest, config.RootFS.DiffIDs)
}

// chain checks the unpacked layers of the image that is unpacked here; one of
// another platform need not be.
func (c *checking) chain(ctx context.Context, id digest.Digest, diffIDs []digest.Digest) error {
	wanted, err := c.session.Unpacked(ctx, id)
	if err != nil || !wanted {
		return err
	}
	err = c.session.Chain(ctx, diffIDs)
	if errs.Is(err, errs.Corrupt) {
		c.chains = append(c.chains, diffIDs)
	}
	return err
}

// rest counts, and with all checks the blobs that no image needs.
func (c *checking) rest(ctx context.Context, all bool) error {
	for d, size := range c.there {
		if _, needed := c.good[d]; needed {
			c.Blobs, c.Bytes = c.Blobs+1, c.Bytes+size
			continue
		}
		if !all {
			continue
		}
		c.Blobs, c.Bytes = c.Blobs+1, c.Bytes+size
		c.Orphans, c.Lost = c.Orphans+1, c.Lost+size
		err := c.session.Intact(ctx, d)
		if errs.Is(err, errs.Corrupt) {
			c.bad[d] = true
			c.Problems = append(c.Problems, Problem{"", err.Error()})
		} else if err != nil && !errs.Is(err, errs.NotFound) { // collected meanwhile
			return err
		}
	}
	slices.SortFunc(c.Problems, func(a, b Problem) int { return strings.Compare(a.Image+a.Text, b.Image+b.Text) })
	return nil
}
