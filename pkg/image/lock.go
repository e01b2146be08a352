package image

import (
	"context"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// Lock asks the registries what the names mean now. Nothing is pulled. Errors
// are those of registry.Pull.
func Lock(ctx context.Context, names []string, o registry.Options) (out []Locked, err error) {
	for _, n := range names {
		full, d, err := registry.Resolve(ctx, n, o)
		if err != nil {
			return nil, err
		}
		out = append(out, Locked{full, d})
	}
	return out, nil
}

// PullLocked is PullAll of the names, of all when there are none, with the
// content that lock says: a tag that means something else by now does not count.
func (m *Manager) PullLocked(ctx context.Context, lock []Locked, names []string, o registry.Options, tell func(registry.Event)) ([]*Image, error) {
	chosen, err := choose(lock, names)
	if err != nil {
		return nil, err
	}
	return each(ctx, chosen, func(l Locked) (*Image, error) { return m.pullLocked(ctx, l, o, tell) })
}

func (m *Manager) pullLocked(ctx context.Context, l Locked, o registry.Options, tell func(registry.Event)) (*Image, error) {
	at, err := l.Pinned()
	if err != nil {
		return nil, err
	}
	img, err := m.fetch(ctx, []string{l.Name}, l.Name, tell, func(ctx context.Context, s registry.Store, w registry.Watcher) (*registry.Image, error) {
		return registry.Pull(ctx, s, at, o, w)
	})
	if err == nil {
		m.event("pull", l.Name, img.ID)
	}
	return img, err
}

// Pinned is the full reference of what l says, by digest alone. A name that has
// another digest gives kind invalid.
func (l Locked) Pinned() (string, error) {
	p, err := imageref.Split(l.Name)
	if err != nil {
		return "", err
	}
	if p.Digest != "" && digest.Digest(p.Digest) != l.Digest {
		return "", errs.New(errs.Invalid, "%s is locked to %s", l.Name, l.Digest)
	}
	return p.Name + "@" + l.Digest.String(), nil
}
