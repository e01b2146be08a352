package fsx

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Overwrite replaces the content of an existing regular file and keeps its
// inode, for a file that is bind-mounted elsewhere. It is one pwrite(2) of the
// new content, filled up with newlines to the old length, and then a
// truncation: a reader of a text file sees the old lines or the new ones. It
// never follows a symbolic link at the last element and never makes a file.
func Overwrite(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("overwrite %s: not a regular file", path)
	}
	padded := text
	const most = 1 << 20 // a container may have grown the file: no padding beyond this
	if gap := st.Size() - int64(len(text)); gap > 0 && st.Size() <= most {
		padded = append(bytes.Clone(text), bytes.Repeat([]byte{'\n'}, int(gap))...)
	}
	if _, err := f.WriteAt(padded, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}
