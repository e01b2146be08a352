package stdio

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// openLogFile opens a file of the log for reading: a regular file, never
// through a symbolic link.
func openLogFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func sameFile(a, b *os.File) bool {
	x, err := a.Stat()
	if err != nil {
		return false
	}
	y, err := b.Stat()
	return err == nil && os.SameFile(x, y)
}

// seekTail moves the files (oldest first) so that the last n lines are left to
// read, and closes and drops those that hold none of them.
func seekTail(files []*os.File, n int) ([]*os.File, error) {
	for i := len(files) - 1; i >= 0; i-- {
		found, err := seekLines(files[i], n)
		if err != nil {
			return files, err
		}
		n -= found
		if n == 0 {
			closeFiles(files[:i])
			return files[i:], nil
		}
	}
	return files, nil
}

// seekLines moves f to the beginning of its last n complete lines and returns
// how many of them there are.
func seekLines(f *os.File, n int) (int, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 64<<10)
	newlines := 0 // the first one seen ends the last line
	for pos := end; pos > 0; {
		chunk := min(pos, int64(len(buf)))
		pos -= chunk
		if _, err := f.ReadAt(buf[:chunk], pos); err != nil {
			return 0, err
		}
		for b := buf[:chunk]; ; {
			i := bytes.LastIndexByte(b, '\n')
			if i < 0 {
				break
			}
			if newlines == n {
				_, err := f.Seek(pos+int64(i)+1, io.SeekStart)
				return n, err
			}
			newlines++
			b = b[:i]
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	return newlines, err
}
