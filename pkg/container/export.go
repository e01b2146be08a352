package container

import (
	"context"
	"fmt"
	"io"

	"github.com/pouchcontainer/pouch/pkg/archive"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// Export writes the root of the container that target names, running or not, to
// w as a tar stream: its image with what it changed, the places of volumes and
// other mounts as they are below those. It fails with kind not_found or conflict.
func (m *Manager) Export(ctx context.Context, target string, w io.Writer) error {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return err
	}
	err = m.withRoot(ctx, id, true, func(t archive.Tree) error {
		all, err := t.All()
		if err != nil {
			return err
		}
		defer all.Close()
		_, err = all.Tar(ctx, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("export container %s: %w", target, err)
	}
	m.eventOf(id, "export", nil)
	return nil
}

// ExportFile is Export to a file, as fsx.WriteWhole writes one.
func (m *Manager) ExportFile(ctx context.Context, target, path string) error {
	return fsx.WriteWhole(path, func(w io.Writer) error { return m.Export(ctx, target, w) })
}
