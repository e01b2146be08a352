package volume

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/archive"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Export writes what is in a volume to w as a tar stream, the folder itself first
// as "./"; a device is mounted for it. No link is followed (CVE-2023-0778). What
// changes meanwhile is in it as it is found. It fails with kind not_found for a
// missing volume, and with kind unsupported for one that is a device to containers.
func (m *Manager) Export(ctx context.Context, name string, w io.Writer) error {
	err := m.with(ctx, name, func(_ *record.Volume, data string) error {
		t, err := tree(data)
		if err != nil {
			return err
		}
		defer t.Close()
		src, err := t.Source("/", false)
		if err != nil {
			return err
		}
		defer src.Close()
		_, err = src.Tar(ctx, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("export volume %s: %w", name, err)
	}
	return nil
}

// ExportFile is Export to a file, as fsx.WriteWhole writes one.
func (m *Manager) ExportFile(ctx context.Context, name, path string) error {
	return fsx.WriteWhole(path, func(w io.Writer) error { return m.Export(ctx, name, w) })
}

// tree is the folder dir as "/" of all paths in it.
func tree(dir string) (archive.Tree, error) {
	root, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	return archive.Tree{Root: root}, err
}
