package fsx

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenOwn opens for writing, and makes with mode 0600 if need be, a file whose
// content nobody will miss: a note, a mark or a log of the programs' own. flags are
// more flags of open(2), such as os.O_TRUNC. What is no file in its place, such as a
// link, a fifo or an empty folder, goes first; it is neither followed nor waited for.
// A folder with something in it stays, and is named in the error.
func OpenOwn(path string, flags int) (*os.File, error) {
	f, err := openPlain(path, flags)
	if !errors.Is(err, ErrNotRegular) {
		return f, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a file, and Pouch keeps one there: remove it: %w", path, err)
	}
	return openPlain(path, flags)
}

// openPlain gives ErrNotRegular for what is no regular file.
func openPlain(path string, flags int) (*os.File, error) {
	// The kernel looks at O_TRUNC after O_NOFOLLOW; a fifo without a reader is ENXIO, a socket too.
	f, err := os.OpenFile(path, flags|os.O_WRONLY|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.ENXIO) {
		return nil, fmt.Errorf("%w: %w", ErrNotRegular, err)
	}
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
