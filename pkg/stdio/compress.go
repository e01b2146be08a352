package stdio

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// rotated is a file that waits to be compressed. It moves on with every rotation.
type rotated struct{ number int }

// shifted notes that the files have moved on, and lets the newest of them be
// compressed in the background. The caller holds l.mu.
func (l *JSONLog) shifted(keep int) {
	for _, r := range l.rotated {
		r.number++
	}
	l.rotated = slices.DeleteFunc(l.rotated, func(r *rotated) bool { return r.number > keep })
	l.compressSoon(1)
}

// compressSoon lets a file be compressed, one after the other. The caller holds
// l.mu.
func (l *JSONLog) compressSoon(number int) {
	l.rotated = append(l.rotated, &rotated{number})
	if !l.compressing {
		l.compressing = true
		l.at.Go(l.compress)
	}
}

// compressOld compresses what a process has left that ended meanwhile.
func (l *JSONLog) compressOld() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 1; i < l.opts.MaxFile; i++ {
		if _, err := os.Lstat(chainName(l.path, i)); err == nil {
			l.compressSoon(i)
		}
	}
}

// compress compresses the files that wait. The plain file goes when the
// compressed one is durable; a reader that finds both takes the plain one. What
// fails stays as it is.
func (l *JSONLog) compress() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.rotated) > 0 && !l.closed {
		r := l.rotated[0]
		from, err := openLogFile(chainName(l.path, r.number))
		if err == nil {
			l.mu.Unlock()
			l.replace(r, from) //nolint:errcheck // the file is then there uncompressed
			from.Close()
			l.mu.Lock()
		}
		l.rotated = slices.DeleteFunc(l.rotated, func(o *rotated) bool { return o == r })
	}
	l.compressing = false
}

// replace puts the compressed file in the place of from. It gives up, and leaves
// from as it is, when it cannot, or when the log is closed.
func (l *JSONLog) replace(r *rotated, from *os.File) error {
	g, err := fsx.Grow(l.path)
	if err != nil {
		return err
	}
	defer g.Discard()
	if err := l.pack(r, g, from); err != nil {
		return err
	}
	if err := g.Settle(0o600); err != nil {
		return err
	}
	if err := l.ifWaits(r, func(name string) error { return g.Place(name + gzSuffix) }); err != nil {
		return err
	}
	if err := fsx.SyncDir(filepath.Dir(l.path)); err != nil {
		return err
	}
	return l.ifWaits(r, os.Remove)
}

// ifWaits does something with the present name of r, unless r is rotated away or
// the log is closed.
func (l *JSONLog) ifWaits(r *rotated, do func(name string) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || !slices.Contains(l.rotated, r) {
		return errAbandoned
	}
	return do(chainName(l.path, r.number))
}

var errAbandoned = errors.New("no longer wanted")

// pack writes from, compressed, to g. The header says which file it was, for
// those who were reading that.
func (l *JSONLog) pack(r *rotated, g *fsx.Growing, from *os.File) error {
	id, err := identity(from)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(g)
	z.Comment = id
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, werr := z.Write(buf[:n]); werr != nil {
				return werr
			}
		}
		if errors.Is(err, io.EOF) {
			return z.Close()
		}
		if err == nil {
			err = l.ifWaits(r, func(string) error { return nil })
		}
		if err != nil {
			return err
		}
	}
}
