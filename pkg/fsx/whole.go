package fsx

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// WriteWhole writes a file of the user's by write: it is there, mode 0600, when
// write has succeeded and the disk has it, in place of an older one, and not
// before. What is no regular file (a fifo, a device) is written to as it is.
func WriteWhole(path string, write func(io.Writer) error) error {
	st, err := os.Stat(path)
	if err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d, err := newDraft(path)
	if err != nil {
		return err
	}
	defer d.discard()
	if err := write(d.f); err != nil {
		return err
	}
	if err := d.f.Sync(); err != nil {
		return told(path, err)
	}
	return d.rename(path)
}
