package fsx

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
)

// Rotate moves path to path.1, path.1 to path.2 and so on, and keeps at most
// keep of these older files; with keep 0 path is removed. A file that is not
// there is passed over. It does not wait for the disk.
func Rotate(path string, keep int) error {
	if keep <= 0 {
		return ignoreMissing(os.Remove(path))
	}
	for i := keep; i > 1; i-- {
		if err := ignoreMissing(os.Rename(numbered(path, i-1), numbered(path, i))); err != nil {
			return err
		}
	}
	return ignoreMissing(os.Rename(path, numbered(path, 1)))
}

func numbered(path string, i int) string { return path + "." + strconv.Itoa(i) }

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
