package fsx

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
)

// Rotate moves path to path.1, path.1 to path.2 and so on, and keeps at most
// keep of these older files; with keep 0 path is removed. Each may also lie there
// with one of the suffixes, path.1.gz for one, and then moves likewise. A file
// that is not there is passed over. It does not wait for the disk.
func Rotate(path string, keep int, suffixes ...string) error {
	if keep <= 0 {
		return ignoreMissing(os.Remove(path))
	}
	suffixes = append(suffixes, "")
	for i := keep; i >= 1; i-- {
		for _, s := range suffixes {
			if err := shift(path, i, keep, s); err != nil {
				return err
			}
		}
	}
	return ignoreMissing(os.Rename(path, numbered(path, 1)))
}

// shift moves the older file i on, or removes it when it is the last.
func shift(path string, i, keep int, suffix string) error {
	from := numbered(path, i) + suffix
	if i == keep {
		return ignoreMissing(os.Remove(from))
	}
	return ignoreMissing(os.Rename(from, numbered(path, i+1)+suffix))
}

func numbered(path string, i int) string { return path + "." + strconv.Itoa(i) }

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
