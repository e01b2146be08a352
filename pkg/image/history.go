package image

import (
	"context"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
)

// Step is one step in the making of an image.
type Step struct {
	Created   time.Time
	CreatedBy string
	Comment   string
	Layer     digest.Digest // diff id; empty: the step made no layer
	Size      int64         // bytes of the layer, unpacked
}

// History lists the steps that made an image, the newest first. Layers of which
// the image says nothing come as steps without words. Kinds are those of Inspect.
func (m *Manager) History(ctx context.Context, target string) (steps []Step, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	img, err := m.resolve(ctx, target)
	if err != nil {
		return nil, err
	}
	d, err := m.store.Details(ctx, img.Digest)
	if err != nil {
		return nil, err
	}
	layers := d.Config.RootFS.DiffIDs
	sizes, err := m.store.Usages(ctx, layers)
	if err != nil {
		return nil, err
	}
	next := 0
	sized := func(s Step) Step {
		s.Layer, s.Size = layers[next], sizes[next]
		next++
		return s
	}
	for _, h := range d.Config.History {
		s := Step{CreatedBy: h.CreatedBy, Comment: h.Comment}
		if h.Created != nil {
			s.Created = *h.Created
		}
		if !h.EmptyLayer && next < len(layers) {
			s = sized(s)
		}
		steps = append(steps, s)
	}
	for next < len(layers) {
		steps = append(steps, sized(Step{}))
	}
	slices.Reverse(steps)
	return steps, nil
}
