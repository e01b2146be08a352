package image

import (
	"context"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// The formats of Save.
const (
	DockerArchive = "docker-archive"
	OCIArchive    = "oci-archive"
)

// Save writes the images that targets name as one archive to w, a stream. An
// image that is named by its id goes in without a name; one that is named
// twice, once with both names. An oci-archive holds one image.
func (m *Manager) Save(outer context.Context, targets []string, format string, w io.Writer) (err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return err
	}
	defer end(outer, s, &err)
	images, err := m.saving(ctx, s, targets)
	if err != nil {
		return err
	}
	dir, remove, err := m.state.TempDir()
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	defer remove()
	o := registry.Options{TempDir: dir}
	switch {
	case format == DockerArchive:
		err = registry.SaveDocker(ctx, s, images, w, o)
	case format == OCIArchive && len(images) == 1:
		err = registry.SaveOCI(ctx, s, images[0], w)
	case format == OCIArchive:
		return errs.New(errs.Invalid, "an oci-archive holds one image, not %d: save each into a file of its own, or use docker-archive", len(images))
	default:
		return errs.New(errs.Invalid, "unknown format %q: %s or %s", format, DockerArchive, OCIArchive)
	}
	if err == nil {
		m.saved(ctx, targets)
	}
	return err
}

// saved tells of each image that was saved.
func (m *Manager) saved(ctx context.Context, targets []string) {
	for _, t := range targets {
		if img, err := m.resolve(ctx, t); err == nil {
			m.event("save", img.Name, img.ID)
		}
	}
}

// saving resolves targets, each image once, and holds them.
func (m *Manager) saving(ctx context.Context, s *imagestore.Session, targets []string) ([]registry.Saving, error) {
	var out []registry.Saving
	at := map[digest.Digest]int{}
	for _, t := range targets {
		name, d, err := m.hold(ctx, s, t)
		if err != nil {
			return nil, err
		}
		i, ok := at[d]
		if !ok {
			i = len(out)
			at[d] = i
			out = append(out, registry.Saving{Digest: d})
		}
		if called(t, name) {
			out[i].Names = append(out[i].Names, name)
		}
	}
	return out, nil
}
