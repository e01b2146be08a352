package stdio

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
)

// seekTail moves the files (oldest first) so that the last n lines are left to
// read, and closes and drops those that hold none of them.
func seekTail(files []*logFile, n int) ([]*logFile, error) {
	for i, file := range slices.Backward(files) {
		found, err := seekLines(file, n)
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
func seekLines(f *logFile, n int) (int, error) {
	if !f.packed {
		return seekPlain(f.File, n)
	}
	z, err := f.unpack()
	if err != nil {
		return 0, err
	}
	lines, err := countLines(z)
	if err != nil {
		return 0, err
	}
	f.skip = max(0, lines-n)
	return lines - f.skip, nil
}

func countLines(r io.Reader) (int, error) {
	buf, n := make([]byte, 64<<10), 0
	for {
		k, err := r.Read(buf)
		n += bytes.Count(buf[:k], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

func seekPlain(f *os.File, n int) (int, error) {
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
