package image

import (
	"context"
	"fmt"
	"io"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// SaveFile is Save to a file, as fsx.WriteWhole writes one.
func (m *Manager) SaveFile(ctx context.Context, targets []string, format, path string) error {
	var saved error
	err := fsx.WriteWhole(path, func(w io.Writer) error {
		saved = m.Save(ctx, targets, format, w)
		return saved
	})
	if err != nil && saved == nil {
		return fmt.Errorf("save: %w", err)
	}
	return err
}
