package registry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// worthwhile is how many bytes a connection must have brought for the next one to
// count as the first again.
const worthwhile = 64 << 10

// stream is a blob that comes over one connection after another.
type stream struct {
	*source
	outer context.Context
	info  types.BlobInfo

	at    int64 // next byte
	since int64 // byte that this connection began with
	tries int   // connections that brought little, in a row

	rc    io.ReadCloser
	ctx   context.Context
	timer *time.Timer
	stop  func()

	wish *patience // of the registry that was asked last
}

// exhausted is an error after which a blob was tried often enough.
type exhausted struct{ error }

// Unwrap returns the error.
func (e exhausted) Unwrap() error { return e.error }

// connect opens the blob at the next byte, and tries again as the options say.
func (s *stream) connect() error {
	for {
		err := s.dial()
		if err == nil {
			return nil
		}
		if err := s.patient(err); err != nil {
			return err
		}
	}
}

func (s *stream) dial() error {
	s.wish = &patience{}
	ctx, timer, stop := answering(s.wish.listening(s.outer), s.o.idle()+skipTime(s.at))
	rc, err := s.request(ctx, s.info, s.at)
	if !timer.Stop() && err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		stop()
		return err
	}
	s.rc, s.ctx, s.timer, s.stop, s.since = rc, ctx, timer, stop, s.at
	return nil
}

// patient returns nil when it is to be tried again, now.
func (s *stream) patient(err error) error {
	if s.outer.Err() != nil {
		return context.Cause(s.outer)
	}
	kind := kindOf(err)
	if kind != errs.Unavailable {
		return err
	}
	if s.at-s.since >= worthwhile {
		s.tries, s.since = 0, s.at
	}
	if s.tries >= s.o.Retry {
		return exhausted{err}
	}
	slog.Debug("blob interrupted", "digest", s.info.Digest, "at", s.at, "cause", err)
	s.tries++
	if !pause(s.outer, s.tries-1, s.o.RetryDelay, s.wish.rest()) {
		return context.Cause(s.outer)
	}
	return nil
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.rc == nil {
			if err := s.connect(); err != nil {
				return 0, err
			}
		}
		n, err := s.read(p)
		if err == nil || errors.Is(err, io.EOF) {
			return n, err
		}
		s.hangUp()
		if n > 0 {
			return n, nil
		}
		if err := s.patient(err); err != nil {
			return 0, err
		}
	}
}

func (s *stream) read(p []byte) (int, error) {
	s.timer.Reset(s.o.idle())
	n, err := s.rc.Read(p)
	expired := !s.timer.Stop()
	s.at += int64(n)
	switch size := s.info.Size; {
	case size >= 0 && s.at > size:
		return 0, errs.New(errs.Corrupt, "blob %s: longer than the %d bytes the manifest says", s.info.Digest, size)
	case errors.Is(err, io.EOF) && s.at < size:
		return n, errs.New(errs.Unavailable, "blob %s: ended after %d of %d bytes", s.info.Digest, s.at, size)
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case expired:
		return n, context.Cause(s.ctx)
	default: // whatever the library heard when it asked again: so does the next request
		return n, errs.New(errs.Unavailable, "blob %s: broken off at byte %d of %d: %w", s.info.Digest, s.at, size, err)
	}
}

// hangUp gives the connection back; the rest of an answer is not waited for.
func (s *stream) hangUp() {
	if s.rc != nil {
		s.stop()
		s.rc.Close()
		s.rc = nil
	}
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.hangUp()
	return nil
}
