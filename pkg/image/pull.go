package image

import (
	"context"
	"errors"

	"github.com/pouchcontainer/pouch/pkg/registry"
)

// Pull fetches the image that ref names (see registry.Try) from its registry and
// returns it with its full reference. What is here already is not fetched again; two pulls of
// one image at once share the work. tell, which may be nil, hears of progress
// and must not block. Errors are those of registry.Pull.
func (m *Manager) Pull(ctx context.Context, ref string, o registry.Options, tell func(registry.Event)) (img *Image, err error) {
	err = registry.Try(ctx, ref, func(full string) (err error) {
		img, err = m.pull(ctx, full, o, tell)
		return err
	})
	return img, err
}

func (m *Manager) pull(ctx context.Context, full string, o registry.Options, tell func(registry.Event)) (*Image, error) {
	img, err := m.fetch(ctx, []string{full}, full, tell, func(ctx context.Context, s registry.Store, w registry.Watcher) (*registry.Image, error) {
		return registry.Pull(ctx, s, full, o, w)
	})
	if err == nil {
		m.event("pull", full, img.ID)
	}
	return img, err
}

// PullAll pulls several images, one after the other, and returns those that are
// here now. What could not be pulled does not keep the others; the errors come
// together.
func (m *Manager) PullAll(ctx context.Context, refs []string, o registry.Options, tell func(registry.Event)) ([]*Image, error) {
	return each(ctx, refs, func(ref string) (*Image, error) { return m.Pull(ctx, ref, o, tell) })
}

// PullMissing is PullAll of those that are not here, of which missing is told before;
// those that are here are returned as well. With o.Platform an image for another platform
// does not count.
func (m *Manager) PullMissing(ctx context.Context, refs []string, o registry.Options, tell func(registry.Event), missing func(ref string)) ([]*Image, error) {
	return each(ctx, refs, func(ref string) (*Image, error) {
		img, err := m.here(ctx, ref, o.Platform)
		if img != nil || err != nil {
			return img, err
		}
		missing(ref)
		return m.Pull(ctx, ref, o, tell)
	})
}

// each pulls what is wanted one after the other.
func each[T any](ctx context.Context, wanted []T, pull func(T) (*Image, error)) ([]*Image, error) {
	var got []*Image
	var failed []error
	for _, w := range wanted {
		img, err := pull(w)
		if err != nil {
			failed = append(failed, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		got = append(got, img)
	}
	if len(failed) == 1 {
		return got, failed[0]
	}
	return got, errors.Join(failed...)
}
