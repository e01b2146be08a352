package hostfacts

import (
	"cmp"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// blocks finds the numbers of the block devices that limits name; the error is
// that of the first that is none.
func blocks(h *spec.Host, r record.Resources) (first error) {
	for _, path := range spec.BlockDevices(r) {
		n, err := block(path)
		if err != nil {
			first = cmp.Or(first, err)
			continue
		}
		if h.Blocks == nil {
			h.Blocks = map[string]spec.DeviceNumber{}
		}
		h.Blocks[path] = n
	}
	return first
}

func block(path string) (spec.DeviceNumber, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return spec.DeviceNumber{}, errs.New(errs.NotFound, "limit of block device %s: no such device on this host", path)
	case err != nil:
		return spec.DeviceNumber{}, errs.New(errs.Invalid, "limit of block device %s: %w", path, err)
	case st.Mode&unix.S_IFMT != unix.S_IFBLK:
		return spec.DeviceNumber{}, errs.New(errs.Invalid, "limit of block device %s: it is not a block device", path)
	}
	return spec.DeviceNumber{Major: int64(unix.Major(st.Rdev)), Minor: int64(unix.Minor(st.Rdev))}, nil
}
