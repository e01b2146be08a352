package image

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Inspection is what inspect prints of an image, in docker's words.
type Inspection struct {
	ID           string              `json:"Id"` // sha256:…, of the config
	RepoTags     []string            // familiar
	RepoDigests  []string            // familiar name@digest
	Parent       string              `json:",omitempty"` // id of the image that it was committed from
	Comment      string              `json:",omitempty"`
	Created      string              // RFC 3339; "" unknown
	Author       string              `json:",omitempty"`
	Architecture string              //
	Variant      string              `json:",omitempty"`
	Os           string              //
	Size         int64               // bytes, unpacked
	GraphDriver  GraphDriver         //
	RootFS       RootFS              //
	Config       ocispec.ImageConfig // entrypoint, env …
	Descriptor   ocispec.Descriptor  // what the name means
	Manifest     digest.Digest       // of this platform
}

// GraphDriver names the snapshotter.
type GraphDriver struct{ Name string }

// RootFS lists the layers by their diff ids.
type RootFS struct {
	Type   string
	Layers []digest.Digest `json:",omitempty"`
}

// Inspect describes the image that target names; kinds are those of Resolve.
func (m *Manager) Inspect(ctx context.Context, target string) (out *Inspection, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	img, err := m.resolve(ctx, target)
	if err != nil {
		return nil, err
	}
	rec, err := m.store.Image(ctx, img.Name)
	if err != nil {
		return nil, err
	}
	d, err := m.store.Details(ctx, rec.Target.Digest)
	if err != nil {
		return nil, err
	}
	out = describe(d)
	out.Parent = parentOf(d).String()
	out.Descriptor = rec.Target
	if out.Size, err = m.store.Usage(ctx, d.Config.RootFS.DiffIDs); err != nil {
		return nil, err
	}
	twins, err := m.names(ctx, img.ID)
	if err != nil {
		return nil, err
	}
	out.name(twins)
	return out, nil
}

func describe(d *imagestore.Details) *Inspection {
	c := d.Config
	out := &Inspection{
		ID: d.Manifest.Config.Digest.String(), RepoTags: []string{}, RepoDigests: []string{},
		Author: c.Author, Architecture: c.Architecture, Variant: c.Variant, Os: c.OS,
		GraphDriver: GraphDriver{imagestore.Snapshotter},
		RootFS:      RootFS{Type: c.RootFS.Type, Layers: c.RootFS.DiffIDs},
		Config:      c.Config, Manifest: d.Digest,
	}
	if c.Created != nil {
		out.Created = c.Created.Format(time.RFC3339Nano)
	}
	if n := len(c.History); n > 0 {
		out.Comment = c.History[n-1].Comment
	}
	return out
}

func (i *Inspection) name(recs []imagestore.Record) {
	seen := map[string]bool{}
	for _, r := range recs {
		p, err := imageref.Split(r.Name)
		if err != nil || isNameless(r.Name) {
			continue
		}
		if p.Tag != "" {
			i.RepoTags = append(i.RepoTags, p.Repository+":"+p.Tag)
		}
		if d := p.Repository + "@" + r.Target.Digest.String(); !seen[d] {
			seen[d] = true
			i.RepoDigests = append(i.RepoDigests, d)
		}
	}
}

// names lists the records of the image with that id. Those that cannot be read
// belong to no image.
func (m *Manager) names(ctx context.Context, id digest.Digest) ([]imagestore.Record, error) {
	recs, err := m.store.Images(ctx)
	if err != nil {
		return nil, err
	}
	var out []imagestore.Record
	for _, r := range recs {
		d, err := m.store.Details(ctx, r.Target.Digest)
		if errs.Is(err, errs.Unavailable) {
			return nil, err
		}
		if err == nil && d.Manifest.Config.Digest == id {
			out = append(out, r)
		}
	}
	return out, nil
}
