package archive

import (
	"bytes"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyHoles copies what from has, read through r, and makes holes where from has
// them; it returns the bytes that were copied.
func copyHoles(to, from *os.File, r io.Reader, size int64) (n int64, err error) {
	for off := int64(0); off < size; {
		start, end := dataAt(from, off, size)
		if start >= size {
			break
		}
		if _, err := from.Seek(start, io.SeekStart); err != nil {
			return n, err
		}
		if _, err := to.Seek(start, io.SeekStart); err != nil {
			return n, err
		}
		m, err := io.CopyN(to, r, end-start)
		n += m
		if errors.Is(err, io.EOF) { // it has shrunk meanwhile
			break
		}
		if err != nil {
			return n, err
		}
		off = end
	}
	return n, to.Truncate(size)
}

// dataAt is where the first data from off on begins and ends (lseek(2),
// SEEK_DATA). On a filesystem that knows no holes all is data.
func dataAt(f *os.File, off, size int64) (start, end int64) {
	start, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return size, size // the rest is a hole
	}
	if err != nil {
		return off, size
	}
	end, err = unix.Seek(int(f.Fd()), start, unix.SEEK_HOLE)
	if err != nil || end > size {
		end = size
	}
	return start, end
}

// block is the unit in which zeros of a stream become holes, bytes.
const block = 64 << 10

// copySparse copies a stream and makes holes of blocks of zeros.
func copySparse(to *os.File, r io.Reader) (int64, error) {
	buf, empty := make([]byte, block), make([]byte, block)
	var n int64
	for {
		m, err := io.ReadFull(r, buf)
		if m > 0 && !bytes.Equal(buf[:m], empty[:m]) {
			if _, werr := to.WriteAt(buf[:m], n); werr != nil {
				return n, werr
			}
		}
		n += int64(m)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && m > 0 && ended(r):
			return n, to.Truncate(n)
		case err != nil:
			return n, err
		}
	}
}

// ended tells the end of a stream from one that breaks off: both end io.ReadFull
// in the middle of a buffer.
func ended(r io.Reader) bool {
	n, err := r.Read(make([]byte, 1))
	return n == 0 && errors.Is(err, io.EOF)
}
