package image

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// layerSource reads the archive in a layer's blob, and sums up both.
type layerSource struct {
	io.Reader
	layer ocispec.Descriptor
	blob  io.Reader // what is left of it
	plain io.ReadCloser
	raw   io.ReadCloser
	sum   digest.Digester // of the blob
	diff  digest.Digester // of the archive
	want  digest.Digest   // what that has to be
}

// openLayer opens a layer of the store whose archive is to have that digest. tell hears how much of the blob was read; it
// may be nil.
func openLayer(ctx context.Context, s *imagestore.Session, l ocispec.Descriptor, diffID digest.Digest, tell func(int64)) (*layerSource, error) {
	raw, size, err := s.Get(ctx, l.Digest)
	if err != nil {
		return nil, err
	}
	src := &layerSource{layer: l, raw: raw, sum: l.Digest.Algorithm().Digester(), want: diffID, diff: diffID.Algorithm().Digester()}
	if size != l.Size {
		raw.Close()
		return nil, errs.New(errs.Corrupt, "it has %d bytes, the manifest says %d", size, l.Size)
	}
	src.blob = io.TeeReader(&told{r: raw, tell: tell}, src.sum.Hash())
	if src.plain, err = registry.Decompress(src.blob); err != nil {
		raw.Close()
		return nil, err
	}
	src.Reader = io.TeeReader(src.plain, src.diff.Hash())
	return src, nil
}

// verify reads what is left and compares blob and archive with their digests.
func (s *layerSource) verify() error {
	if _, err := io.Copy(io.Discard, s.Reader); err != nil {
		return s.fault(err)
	}
	if _, err := io.Copy(io.Discard, s.blob); err != nil {
		return s.fault(err)
	}
	if got := s.sum.Digest(); got != s.layer.Digest {
		return errs.New(errs.Corrupt, "the content's digest is %s: remove the image and pull it again", got)
	}
	if got := s.diff.Digest(); got != s.want {
		return errs.New(errs.Corrupt, "it unpacks to %s, the image's config says %s", got, s.want)
	}
	return nil
}

// fault is err of reading: what decompresses has no kinds, and what fails in writing
// is told by who writes.
func (s *layerSource) fault(err error) error {
	if errors.Is(err, io.ErrClosedPipe) || errs.KindOf(err) != errs.Internal {
		return err
	}
	return errs.New(errs.Corrupt, "%w", err)
}

// Close ends the reading.
func (s *layerSource) Close() error { return errors.Join(s.plain.Close(), s.raw.Close()) }

// told tells now and then how much was read.
type told struct {
	r    io.Reader
	tell func(int64)
	n    int64
	last time.Time
}

// Read implements io.Reader.
func (t *told) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.n += int64(n)
	if now := time.Now(); t.tell != nil && now.Sub(t.last) >= 100*time.Millisecond {
		t.last = now
		t.tell(t.n)
	}
	return n, err
}
