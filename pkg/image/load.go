package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/registry"
)

// Loaded is an image that came out of an archive.
type Loaded struct {
	Image
	Names []string // full references; empty: it has none
}

// Load stores every image of an archive (docker save, or oci-archive; plain or
// compressed), which is read whole from r, and calls each for every image that
// is there. A regular file is read in place, all else is spooled first.
func (m *Manager) Load(ctx context.Context, r *os.File, o registry.Options, tell func(registry.Event), each func(Loaded)) error {
	dir, remove, err := m.state.TempDir()
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	defer remove()
	o.TempDir = dir
	path, err := spooled(ctx, r, dir)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	a, err := registry.OpenArchive(ctx, path, o)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	defer a.Close()
	for i, img := range a.Images {
		got, err := m.fetch(ctx, img.Names, "", tell, func(ctx context.Context, s registry.Store, w registry.Watcher) (*registry.Image, error) {
			return a.Load(ctx, s, i, w)
		})
		if err != nil {
			return err
		}
		m.event("load", got.Name, got.ID)
		each(Loaded{Image: *got, Names: img.Names})
	}
	return nil
}

// spooled returns a path under which r's content can be read at leisure.
func spooled(ctx context.Context, r *os.File, dir string) (string, error) {
	st, err := r.Stat()
	if err != nil {
		return "", err
	}
	if at, err := r.Seek(0, io.SeekCurrent); st.Mode().IsRegular() && err == nil && at == 0 {
		return fmt.Sprintf("/proc/self/fd/%d", r.Fd()), nil
	}
	f, err := os.OpenFile(filepath.Join(dir, "archive"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, func() { r.Close() })() // a pipe may never end
	_, err = io.Copy(f, r)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return f.Name(), errors.Join(err, f.Close())
}
