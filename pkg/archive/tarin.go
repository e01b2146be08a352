package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Untar writes what is in the tar stream r, plain or compressed with gzip or
// bzip2, into the folder p of t, and returns the bytes of content. Owners are
// those of the stream. An entry whose name, or whose hard link, leads out of
// the folder gives kind invalid; so does a folder that is none. A stream that
// is no archive or ends early gives kind corrupt. What was written before an
// error stays.
func (t Tree) Untar(ctx context.Context, p string, r io.Reader) (int64, error) {
	return t.untar(ctx, p, r, false)
}

// Restore is Untar, and the folder gets the owner, mode and attributes of its own
// entry, "./", when the stream has one. One that has no mark at its end is corrupt.
func (t Tree) Restore(ctx context.Context, p string, r io.Reader) (int64, error) {
	return t.untar(ctx, p, r, true)
}

func (t Tree) untar(ctx context.Context, p string, r io.Reader, itself bool) (int64, error) {
	in, err := t.open(p)
	if err != nil {
		return 0, err
	}
	defer in.close()
	in.owners, in.itself = true, itself
	plain, err := decompressed(&cancelled{ctx, r})
	if err != nil {
		return 0, err
	}
	last := &tail{r: plain}
	tr := tar.NewReader(last)
	for {
		last.zeros = 0
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			if itself && last.zeros < tarBlock {
				return in.size, streamError(ctx, io.ErrUnexpectedEOF)
			}
			return in.size, in.finish()
		}
		if err == nil {
			err = in.put(h, &body{r: &cancelled{ctx, tr}}) // a hole is read without reading r
		}
		if err != nil {
			return in.size, streamError(ctx, err)
		}
	}
}

// tarBlock is the size of a header, and of the zeros that mark an archive's end
// (pax(1), "ustar Interchange Format").
const tarBlock = 512

// tail counts the zeros that were read last.
type tail struct {
	r     io.Reader
	zeros int
}

// Read implements io.Reader.
func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	end := len(bytes.TrimRight(p[:n], "\x00"))
	if end > 0 {
		t.zeros = 0
	}
	t.zeros += n - end
	return n, err
}

func streamError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tar.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return errs.New(errs.Corrupt, "read the archive: %w", err)
	}
	return err
}

// decompressed looks at the first bytes of r. Only what this program can unpack
// itself is unpacked: no other program ever is run for it (CVE-2026-41567).
func decompressed(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, errs.New(errs.Corrupt, "read the archive: %w", err)
		}
		return z, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(b), nil
	}
	for name, magic := range map[string][]byte{"xz": {0xfd, '7', 'z', 'X', 'Z', 0}, "zstd": {0x28, 0xb5, 0x2f, 0xfd}} {
		if bytes.HasPrefix(head, magic) {
			return nil, errs.New(errs.Unsupported, "the archive is compressed with %s: unpack it before, as in %s -dc FILE | pouch-run cp - CONTAINER:PATH", name, name)
		}
	}
	return b, nil
}

// errBreakout says of an entry that it leads elsewhere than into the folder.
func errBreakout(name, why string) error {
	return errs.New(errs.Invalid, "archive entry %q: %s", name, why)
}

func entryError(name string, err error) error { return fmt.Errorf("write %s: %w", name, err) }
