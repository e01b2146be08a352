package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
)

// Tar writes the source to w as a tar stream (PAX), itself under its own name,
// and returns the bytes of content. A file that grows meanwhile is cut where it
// ended at first; one that shrinks is filled up with zeros, as GNU tar does.
func (s *Source) Tar(ctx context.Context, w io.Writer) (int64, error) {
	to := &tarSink{w: tar.NewWriter(w)}
	err := s.walk(ctx, to, s.name)
	if err == nil {
		err = to.w.Close()
	}
	return to.size, err
}

type tarSink struct {
	w    *tar.Writer
	size int64
}

func (t *tarSink) put(h *tar.Header, b *body) error {
	if err := t.w.WriteHeader(h); err != nil {
		return fmt.Errorf("archive %s: %w", h.Name, err)
	}
	if b == nil {
		return nil
	}
	n, err := io.CopyN(t.w, b.r, h.Size)
	t.size += n
	if errors.Is(err, io.EOF) {
		_, err = io.CopyN(t.w, zeros{}, h.Size-n)
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", h.Name, err)
	}
	return nil
}

// zeros is a stream of them.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
