package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/docker/reference"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// checked is a reference whose source, open already, is checked and bounded in
// time.
type checked struct {
	types.ImageReference
	opened types.ImageSource
	idle   time.Duration
	watch  Watcher
}

// NewImageSource returns the open source. Closing it is left to who opened it.
func (c checked) NewImageSource(context.Context, *types.SystemContext) (types.ImageSource, error) {
	return &source{ImageSource: c.opened, checked: c}, nil
}

// open opens a source; of a registry, that fetches the manifest. release is
// called after the source was closed.
func open(ctx context.Context, ref types.ImageReference, sys *types.SystemContext, idle time.Duration) (src types.ImageSource, release func(), err error) {
	ctx, timer, stop := expiring(ctx, 2*idle)
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

type source struct {
	types.ImageSource
	checked checked

	mu     sync.Mutex
	image  *ocispec.Manifest // the one that is copied, once known
	config []byte
}

// Close leaves the source behind open.
func (s *source) Close() error { return nil }

// GetManifest returns a manifest that has the digest it is asked by and is one
// kind of document only.
func (s *source) GetManifest(ctx context.Context, instance *digest.Digest) ([]byte, string, error) {
	ctx, timer, stop := expiring(ctx, 2*s.checked.idle)
	defer stop()
	data, mime, err := s.ImageSource.GetManifest(ctx, instance)
	if !timer.Stop() && err != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	if len(data) > MaxDocument {
		return nil, "", errs.New(errs.Corrupt, "manifest: larger than %d bytes", MaxDocument)
	}
	want := s.wanted(instance)
	if want != "" {
		if ok, err := libmanifest.MatchesDigest(data, want); err != nil || !ok {
			return nil, "", errs.New(errs.Corrupt, "manifest %s: the content has another digest", want)
		}
	} else {
		want = digest.FromBytes(data)
	}
	_, m, err := manifest.Parse(want, data)
	if err != nil {
		return nil, "", err
	}
	if m != nil {
		s.mu.Lock()
		s.image = m
		s.mu.Unlock()
	}
	return data, mime, nil
}

func (s *source) wanted(instance *digest.Digest) digest.Digest {
	if instance != nil {
		return *instance
	}
	if d, ok := s.checked.DockerReference().(reference.Digested); ok {
		return d.Digest()
	}
	return ""
}

// GetBlob returns a blob whose reader fails with kind corrupt when it is not
// what its digest and size say, and with kind unavailable when nothing comes.
func (s *source) GetBlob(ctx context.Context, info types.BlobInfo, cache types.BlobInfoCache) (io.ReadCloser, int64, error) {
	if s.isConfig(info.Digest) {
		return s.getConfig(ctx, info, cache)
	}
	return s.open(ctx, info, cache)
}

func (s *source) isConfig(d digest.Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.image != nil && s.image.Config.Digest == d
}

func (s *source) open(ctx context.Context, info types.BlobInfo, cache types.BlobInfoCache) (io.ReadCloser, int64, error) {
	if err := info.Digest.Validate(); err != nil {
		return nil, 0, errs.New(errs.Corrupt, "blob %q: %w", info.Digest, err)
	}
	ctx, timer, stop := expiring(ctx, s.checked.idle)
	rc, size, err := s.ImageSource.GetBlob(ctx, info, cache)
	if !timer.Stop() && err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil && info.Size >= 0 && size >= 0 && size != info.Size {
		rc.Close()
		err = errs.New(errs.Corrupt, "blob %s: %d bytes offered, the manifest says %d", info.Digest, size, info.Size)
	}
	if err != nil {
		stop()
		return nil, 0, err
	}
	return &blob{
		rc: rc, ctx: ctx, timer: timer, stop: stop, idle: s.checked.idle,
		want: info.Digest, size: info.Size, hash: info.Digest.Algorithm().Digester(),
	}, size, nil
}

// getConfig reads the image's config whole, tells the watcher, and returns it.
func (s *source) getConfig(ctx context.Context, info types.BlobInfo, cache types.BlobInfoCache) (io.ReadCloser, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config == nil {
		rc, _, err := s.open(ctx, info, cache)
		if err != nil {
			return nil, 0, err
		}
		defer rc.Close()
		data, err := io.ReadAll(io.LimitReader(rc, MaxDocument+1))
		if err != nil {
			return nil, 0, err
		}
		if len(data) > MaxDocument {
			return nil, 0, errs.New(errs.Corrupt, "image config %s: larger than %d bytes", info.Digest, MaxDocument)
		}
		if _, err := manifest.Config(s.image, data); err != nil {
			return nil, 0, err
		}
		s.config = data
		if s.checked.watch.Image != nil {
			s.checked.watch.Image(s.image, data)
		}
	}
	return io.NopCloser(bytes.NewReader(s.config)), int64(len(s.config)), nil
}

// blob checks what it reads.
type blob struct {
	rc    io.ReadCloser
	ctx   context.Context
	timer *time.Timer
	stop  func()
	idle  time.Duration
	want  digest.Digest
	size  int64 // -1 unknown
	read  int64
	hash  digest.Digester
}

// Read implements io.Reader.
func (b *blob) Read(p []byte) (int, error) {
	b.timer.Reset(b.idle)
	n, err := b.rc.Read(p)
	expired := !b.timer.Stop()
	b.hash.Hash().Write(p[:n])
	b.read += int64(n)
	switch {
	case b.size >= 0 && b.read > b.size:
		return 0, errs.New(errs.Corrupt, "blob %s: longer than the %d bytes the manifest says", b.want, b.size)
	case errors.Is(err, io.EOF):
		return n, b.verify(err)
	case err != nil && expired:
		return n, context.Cause(b.ctx)
	case err != nil:
		return n, fmt.Errorf("blob %s: %w", b.want, err)
	}
	return n, nil
}

func (b *blob) verify(eof error) error {
	if b.size >= 0 && b.read < b.size {
		return errs.New(errs.Unavailable, "blob %s: ended after %d of %d bytes", b.want, b.read, b.size)
	}
	if got := b.hash.Digest(); got != b.want {
		return errs.New(errs.Corrupt, "blob %s: the content's digest is %s", b.want, got)
	}
	return eof
}

// Close implements io.Closer.
func (b *blob) Close() error {
	defer b.stop()
	return b.rc.Close()
}
