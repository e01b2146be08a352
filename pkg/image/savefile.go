package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SaveFile is Save to a file, which is there when the archive is complete, in
// place of an older one, and not before. What is no regular file (a fifo, a
// device) is written to as it is.
func (m *Manager) SaveFile(ctx context.Context, targets []string, format, path string) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("save: %w", err)
		}
		return errors.Join(m.Save(ctx, targets, format, f), f.Close())
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("save: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".save-*")
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	defer os.Remove(f.Name())
	err = m.Save(ctx, targets, format, f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
