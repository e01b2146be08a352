package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/archive"
	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

// Export writes the root of the image that target names to w as one tar stream:
// its layers put together. Nothing of the image is changed.
func (m *Manager) Export(outer context.Context, target string, w io.Writer) (err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.store.Begin(ctx)
	if err != nil {
		return err
	}
	defer end(outer, s, &err)
	_, v, err := m.view(ctx, s, target)
	if err != nil {
		return err
	}
	defer m.store.RemoveView(context.WithoutCancel(ctx), v.Key) //nolint:errcheck // the lease's end does it too, later
	dir, remove, err := m.state.TempDir()
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer remove()
	err = mount.Apart(func() error { return tarOf(ctx, v, dir, w) })
	if err != nil {
		return fmt.Errorf("export %s: %w", target, err)
	}
	return nil
}

// ExportFile is Export to a file, as fsx.WriteWhole writes one.
func (m *Manager) ExportFile(ctx context.Context, target, path string) error {
	return fsx.WriteWhole(path, func(w io.Writer) error { return m.Export(ctx, target, w) })
}

// view makes a view of the image that target names, for the session.
func (m *Manager) view(ctx context.Context, s *imagestore.Session, target string) (*Image, *imagestore.View, error) {
	img, d, err := m.unpacked(ctx, s, target)
	if err != nil {
		return nil, nil, err
	}
	v, err := s.View(ctx, s.ViewKey(), d.Config.RootFS.DiffIDs)
	return img, v, err
}

// unpacked holds the image that target names, with its layers.
func (m *Manager) unpacked(ctx context.Context, s *imagestore.Session, target string) (*Image, *imagestore.Details, error) {
	img, err := m.resolve(ctx, target)
	if err != nil {
		return nil, nil, err
	}
	if err := s.Hold(ctx, img.Digest); err != nil {
		return nil, nil, err
	}
	d, err := m.store.Details(ctx, img.Digest)
	return img, d, err
}

// tarOf mounts a view at dir and writes all in it. The mount is gone with the
// thread's namespace.
func tarOf(ctx context.Context, v *imagestore.View, dir string, w io.Writer) error {
	if err := mount.All(mountsOf(v), dir); err != nil {
		return err
	}
	root, err := os.OpenFile(filepath.Clean(dir), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer root.Close()
	all, err := archive.Tree{Root: root}.All()
	if err != nil {
		return err
	}
	defer all.Close()
	_, err = all.Tar(ctx, w)
	return err
}

func mountsOf(v *imagestore.View) []mount.Mount {
	var out []mount.Mount
	for _, m := range v.Mounts {
		out = append(out, mount.Mount{Type: m.Type, Source: m.Source, Target: m.Target, Options: m.Options})
	}
	return out
}
