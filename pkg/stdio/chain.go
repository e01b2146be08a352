package stdio

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// logFile is a file of the log, plain or compressed.
type logFile struct {
	*os.File
	packed bool
	was    string // identity of the plain file that a compressed one was
	skip   int    // lines of a compressed file that are not wanted
}

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

// openNumber opens the file with that number in the chain, 0 the current one. A
// file is compressed by making the compressed one first: who finds no plain file
// finds that, here or, after a rotation, at the next number.
func openNumber(path string, i int) (*logFile, error) {
	f, err := openLogFile(chainName(path, i))
	if err == nil {
		return &logFile{File: f}, nil
	}
	if i == 0 || !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if f, err = openLogFile(chainName(path, i) + gzSuffix); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return &logFile{File: f, packed: true, was: z.Comment}, nil
}

// lines reads the file: a plain one from where it stands.
func (l *logFile) lines() (*lineReader, error) {
	if !l.packed {
		return newLineReader(l.File), nil
	}
	z, err := l.unpack()
	if err != nil {
		return nil, err
	}
	r := newLineReader(z)
	for range l.skip {
		if err := r.pass(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// unpack reads a compressed file from its beginning.
func (l *logFile) unpack() (io.Reader, error) {
	if _, err := l.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(l.File)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name(), err)
	}
	return z, nil
}

// same reports whether two open files are the same file of the log, one of them
// perhaps before and one after it was compressed. The number of an inode alone
// says nothing: a later file may have it again.
func same(a, b *logFile) bool {
	if a.packed == b.packed {
		x, err := a.Stat()
		if err != nil {
			return false
		}
		y, err := b.Stat()
		return err == nil && os.SameFile(x, y)
	}
	if a.packed {
		a, b = b, a
	}
	id, err := identity(a.File)
	return err == nil && id == b.was
}

// identity names a file that is written no more.
func identity(f *os.File) (string, error) {
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %d %d", st.Sys().(*syscall.Stat_t).Ino, st.Size(), st.ModTime().UnixNano()), nil
}

// openChain opens the current file and the rotated ones, and returns them
// oldest first. The newest is opened first, so a rotation meanwhile shows a
// file twice (it is kept once) and never hides one.
func openChain(path string) ([]*logFile, error) {
	last, err := highest(path)
	if err != nil {
		return nil, err
	}
	var files []*logFile
	for i := 0; i <= last; i++ {
		f, err := openNumber(path, i)
		if errors.Is(err, fs.ErrNotExist) {
			continue // between two steps of a rotation, or no log at all
		}
		if err != nil {
			closeFiles(files)
			return nil, err
		}
		if slices.ContainsFunc(files, func(g *logFile) bool { return same(f, g) }) {
			f.Close()
			continue
		}
		files = append(files, f)
	}
	slices.Reverse(files)
	return files, nil
}

// highest is the highest number that a file of the chain has, or may have got
// since the look.
func highest(path string) (int, error) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	const soon = 2 // rotations that may come meanwhile
	most := 0
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base+".")
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSuffix(rest, gzSuffix)); err == nil {
			most = max(most, n)
		}
	}
	return most + soon, nil
}

// successor opens the file that came after f in the chain; nil when f is the
// current file. With f nil it is the current file, if there is one; with f
// rotated away the oldest.
func successor(path string, f *logFile) (*logFile, error) {
	if f != nil && isCurrent(path, f) {
		return nil, nil
	}
	last := 0
	if f != nil {
		var err error
		if last, err = highest(path); err != nil {
			return nil, err
		}
	}
	var newer *logFile
	for i := 0; i <= last; i++ {
		g, err := openNumber(path, i)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			closeIf(newer)
			return nil, err
		}
		if f != nil && same(f, g) {
			g.Close()
			return newer, nil
		}
		closeIf(newer)
		newer = g
	}
	return newer, nil
}

// isCurrent reports whether f has the log's own name.
func isCurrent(path string, f *logFile) bool {
	x, err := os.Lstat(path)
	if err != nil || f.packed {
		return false
	}
	y, err := f.Stat()
	return err == nil && os.SameFile(x, y)
}

func chainName(path string, i int) string {
	if i == 0 {
		return path
	}
	return fmt.Sprintf("%s.%d", path, i)
}

func closeFiles(files []*logFile) {
	for _, f := range files {
		f.Close()
	}
}

func closeIf(f *logFile) {
	if f != nil {
		f.Close()
	}
}
