package image

import (
	"context"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Verify is Check of the image that target names alone, and returns the digest of
// its index or manifest. Kind corrupt: something is missing or other than its
// digest says.
func (m *Manager) Verify(outer context.Context, target string) (d digest.Digest, err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	img, err := m.resolve(ctx, target)
	if err != nil {
		return "", err
	}
	s, err := m.store.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer end(outer, s, &err)
	found, err := m.check(ctx, s, func(r imagestore.Record) bool { return r.Name == img.Name })
	if err != nil {
		return "", err
	}
	if n := len(found.Problems); n > 0 {
		return "", errs.New(errs.Corrupt, "verify %s: %s: fsck --repair removes it (problem 1 of %d)", target, found.Problems[0].Text, n)
	}
	return img.Digest, nil
}
