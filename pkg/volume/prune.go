package volume

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Prune removes the anonymous volumes that no container mounts, with all the
// named ones too, if keep (nil: none is kept) does not want them. It returns
// the names of those removed and the bytes that they took.
func (m *Manager) Prune(ctx context.Context, all bool, keep func(*Info) bool) (removed []string, bytes int64, err error) {
	vols, _, err := m.List()
	if err != nil {
		return nil, 0, err
	}
	users, err := m.users("")
	if err != nil {
		return nil, 0, err
	}
	var failed []error
	for _, v := range vols {
		if len(users[v.Name]) > 0 || !all && !v.Anonymous || keep != nil && keep(v) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return removed, bytes, err
		}
		n, err := m.remove(ctx, v.Name, "", false) // looks for users again, with the lock held
		if errs.Is(err, errs.InUse) {
			continue
		}
		if err != nil && isForeign(v.Driver) { // a driver that is not there keeps no others
			failed = append(failed, err)
			continue
		}
		if err != nil {
			return removed, bytes, err
		}
		removed, bytes = append(removed, v.Name), bytes+n
	}
	return removed, bytes, errors.Join(failed...)
}

// usage is the disk space below dir in bytes; what cannot be read counts as 0.
func usage(dir string) int64 {
	var sum int64
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { //nolint:errcheck // it returns none
		if err != nil {
			return nil //nolint:nilerr // as said above
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				sum += st.Blocks * 512 / max(int64(st.Nlink), 1)
			}
		}
		return nil
	})
	return sum
}
