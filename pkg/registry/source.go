package registry

import (
	"context"
	"io"
	"net/http/httptrace"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/docker/reference"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/pkg/blobinfocache/none"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// open opens a source; of a registry, that fetches the manifest. release is
// called after the source was closed.
func open(ctx context.Context, ref types.ImageReference, sys *types.SystemContext, idle time.Duration) (src types.ImageSource, release func(), err error) {
	ctx, timer, stop := answering(ctx, 2*idle)
	src, err = ref.NewImageSource(ctx, sys)
	if !timer.Stop() && err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return src, stop, nil
}

// expiring returns a context that ends when the timer does, with an error that
// says so.
func expiring(ctx context.Context, after time.Duration) (context.Context, *time.Timer, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(after, func() {
		cancel(errs.New(errs.Unavailable, "nothing received for %v", after))
	})
	return ctx, timer, func() { timer.Stop(); cancel(context.Canceled) }
}

// answering is expiring for a request: an answer to it, which may be to ask again
// later, begins the time anew.
func answering(ctx context.Context, after time.Duration) (context.Context, *time.Timer, func()) {
	ctx, timer, stop := expiring(ctx, after)
	answered := func() {
		if timer.Stop() {
			timer.Reset(after + longestRetryAfter)
		}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: answered}), timer, stop
}

// source is an open image source; what it gives is checked and bounded in time.
type source struct {
	types.ImageSource
	o Options
}

// document is a manifest or an index.
type document struct {
	digest   digest.Digest
	data     []byte
	mime     string
	entries  []ocispec.Descriptor // of an index
	manifest *ocispec.Manifest    // nil: it is an index
}

func (d *document) descriptor() ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: libmanifest.GuessMIMEType(d.data), Digest: d.digest, Size: int64(len(d.data))}
}

// document returns the manifest or index with that digest; nil: the one that the
// reference means. It has the digest it was asked by, and is one kind of document
// only.
func (s *source) document(ctx context.Context, instance *digest.Digest) (*document, error) {
	ctx, timer, stop := answering(ctx, 2*s.o.idle())
	defer stop()
	data, mime, err := s.GetManifest(ctx, instance)
	if !timer.Stop() && err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	if len(data) > MaxDocument {
		return nil, errs.New(errs.Corrupt, "manifest: larger than %d bytes", MaxDocument)
	}
	d := &document{digest: s.wanted(instance), data: data, mime: mime}
	if d.digest == "" {
		d.digest = digest.FromBytes(data)
	} else if ok, err := libmanifest.MatchesDigest(data, d.digest); err != nil || !ok {
		return nil, errs.New(errs.Corrupt, "manifest %s: the content has another digest", d.digest)
	}
	d.entries, d.manifest, err = manifest.Parse(d.digest, data)
	return d, err
}

func (s *source) wanted(instance *digest.Digest) digest.Digest {
	if instance != nil {
		return *instance
	}
	if d, ok := s.Reference().DockerReference().(reference.Digested); ok {
		return d.Digest()
	}
	return ""
}

// config reads a whole blob, which must be small, and checks it.
func (s *source) config(ctx context.Context, d ocispec.Descriptor) ([]byte, error) {
	if d.Size > MaxDocument {
		return nil, errs.New(errs.Corrupt, "image config %s: larger than %d bytes", d.Digest, MaxDocument)
	}
	r, err := s.blob(ctx, blobInfo(d), 0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxDocument {
		return nil, errs.New(errs.Corrupt, "image config %s: larger than %d bytes", d.Digest, MaxDocument)
	}
	if got := d.Digest.Algorithm().FromBytes(data); got != d.Digest {
		return nil, errs.New(errs.Corrupt, "blob %s: the content's digest is %s", d.Digest, got)
	}
	return data, nil
}

func blobInfo(d ocispec.Descriptor) types.BlobInfo {
	return types.BlobInfo{Digest: d.Digest, Size: d.Size, MediaType: d.MediaType, URLs: d.URLs}
}

// blob opens a blob from byte offset on. Its reader goes on after a connection
// that broke, fails with kind corrupt when there is more than info's size, and
// with kind unavailable when nothing comes. Nobody has compared the digest.
func (s *source) blob(ctx context.Context, info types.BlobInfo, offset int64) (io.ReadCloser, error) {
	if err := info.Digest.Validate(); err != nil {
		return nil, errs.New(errs.Corrupt, "blob %q: %w", info.Digest, err)
	}
	st := &stream{source: s, outer: ctx, info: info, at: offset, since: offset}
	if err := st.connect(); err != nil {
		return nil, err
	}
	return st, nil
}

// request asks for a blob from byte offset on.
func (s *source) request(ctx context.Context, info types.BlobInfo, offset int64) (io.ReadCloser, error) {
	if offset > 0 {
		rc, err := ranged(ctx, s.ImageSource, info, offset)
		if err == nil || ctx.Err() != nil || kindOf(err) != errs.Unsupported {
			return rc, err
		}
	}
	rc, size, err := s.GetBlob(ctx, info, none.NoCache)
	if err != nil {
		return nil, err
	}
	if info.Size >= 0 && size >= 0 && size != info.Size {
		rc.Close()
		return nil, errs.New(errs.Corrupt, "blob %s: %d bytes offered, the manifest says %d", info.Digest, size, info.Size)
	}
	if offset > 0 {
		return &skipping{rc, offset}, nil
	}
	return rc, nil
}

// skipping leaves out the first bytes of a blob; a read may give nothing.
type skipping struct {
	io.ReadCloser
	rest int64
}

// Read implements io.Reader.
func (s *skipping) Read(p []byte) (int, error) {
	if s.rest == 0 {
		return s.ReadCloser.Read(p)
	}
	n, err := s.ReadCloser.Read(p)
	gone := int(min(s.rest, int64(n)))
	s.rest -= int64(gone)
	copy(p, p[gone:n])
	return n - gone, err
}
