package imagestore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	"github.com/opencontainers/go-digest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// How much of a blob goes in one message, bytes. What a message still lacks when a
// session dies is fetched again.
const (
	leastChunk = 256 << 10
	chunk      = 1 << 20
)

// Size returns a blob's length, and false when it is not there; one that is
// there is held first, so it stays.
func (s *Session) Size(ctx context.Context, d digest.Digest) (int64, bool, error) {
	if err := s.Hold(ctx, d); err != nil {
		return 0, false, err
	}
	r, err := s.content().Info(s.in(ctx), &contentapi.InfoRequest{Digest: d.String()})
	if status.Code(err) == codes.NotFound {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fault(err, "blob "+d.String())
	}
	return r.Info.Size, true, nil
}

// Put stores what r gives as the blob d, or, when d is empty, as what it is.
// A blob that is there already is left alone, and r unread. While another
// session writes the same blob, Put waits for that one. containerd checks
// length and digest.
func (s *Session) Put(ctx context.Context, d digest.Digest, size int64, r io.Reader) (digest.Digest, int64, error) {
	return s.put(ctx, d, size, r, nil)
}

func (s *Session) put(ctx context.Context, d digest.Digest, size int64, r io.Reader, labels map[string]string) (digest.Digest, int64, error) {
	w, err := s.writer(s.under(ctx), d, size)
	if errs.Is(err, errs.Conflict) {
		size, err := s.found(ctx, d)
		return d, size, err
	}
	if err != nil {
		return "", 0, err
	}
	defer w.close()
	w.offset = 0 // what a session that died has left is cut off by the first write
	if err := w.copy(r); err != nil {
		return "", 0, err
	}
	return w.commit(d, size, labels)
}

// found is the size of a blob that was there just now.
func (s *Session) found(ctx context.Context, d digest.Digest) (int64, error) {
	size, ok, err := s.Size(ctx, d)
	if err == nil && !ok {
		err = errs.New(errs.Unavailable, "blob %s: removed just now: try again", d)
	}
	return size, err
}

// ingest names the place where the blob d is written, as containerd's own pull does.
func ingest(d digest.Digest) string { return ingestPrefix + d.String() }

const ingestPrefix = "layer-"

// writer opens the one place where a blob is written; containerd lets in one
// session at a time. ctx names namespace and lease. Kind conflict means that the
// blob is there.
func (s *Session) writer(ctx context.Context, d digest.Digest, size int64) (*writer, error) {
	ref := ingest(d)
	if d == "" {
		ref = s.lease + "-" + rand.Text()
	}
	return s.writerOf(ctx, ref, d, size)
}

func (s *Store) writerOf(ctx context.Context, ref string, d digest.Digest, size int64) (*writer, error) {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		w, err := s.open(ctx, ref, d, size)
		if !errs.Is(err, errs.Unavailable) {
			return w, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

func (s *Store) open(ctx context.Context, ref string, d digest.Digest, size int64) (*writer, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := s.content().Write(ctx)
	if err != nil {
		cancel()
		return nil, fault(err, "store blob "+d.String())
	}
	w := &writer{stream: stream, cancel: cancel, what: "store blob " + d.String()}
	r, err := w.ask(&contentapi.WriteContentRequest{
		Action: contentapi.WriteAction_STAT, Ref: ref, Total: max(size, 0), Expected: d.String(),
	})
	if err != nil {
		cancel()
		return nil, err
	}
	w.offset = r.Offset
	return w, nil
}

// writer is the stream in which one blob is written.
type writer struct {
	stream contentapi.Content_WriteClient
	cancel func()
	what   string
	offset int64 // next byte
}

func (w *writer) ask(m *contentapi.WriteContentRequest) (*contentapi.WriteContentResponse, error) {
	err := w.stream.Send(m)
	if err == nil || errors.Is(err, io.EOF) { // EOF: the answer tells why
		var r *contentapi.WriteContentResponse
		if r, err = w.stream.Recv(); err == nil {
			return r, nil
		}
	}
	return nil, fault(err, w.what)
}

// copy writes all of r at the offset.
func (w *writer) copy(r io.Reader) error {
	buf := make([]byte, chunk)
	for {
		n, err := message(r, buf)
		if n > 0 {
			resp, werr := w.ask(&contentapi.WriteContentRequest{Action: contentapi.WriteAction_WRITE, Offset: w.offset, Data: buf[:n]})
			if werr != nil {
				return werr
			}
			w.offset += int64(n)
			if resp.Offset != w.offset {
				return fmt.Errorf("%s: containerd is at byte %d, not %d", w.what, resp.Offset, w.offset)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// message reads enough for a message, and returns the reader's own error.
func message(r io.Reader, buf []byte) (n int, err error) {
	for n < leastChunk && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

func (w *writer) commit(d digest.Digest, size int64, labels map[string]string) (digest.Digest, int64, error) {
	if size >= 0 && w.offset != size {
		return "", 0, errs.New(errs.Corrupt, "%s: %d bytes, %d expected", w.what, w.offset, size)
	}
	r, err := w.ask(&contentapi.WriteContentRequest{
		Action: contentapi.WriteAction_COMMIT, Total: w.offset, Offset: w.offset, Expected: d.String(), Labels: labels,
	})
	switch {
	case errs.Is(err, errs.Conflict) && d != "":
		return d, w.offset, nil // somebody stored it in the meantime
	case errs.Is(err, errs.InUse): // FailedPrecondition: not the digest or the length
		return "", 0, errs.New(errs.Corrupt, "%w", err)
	case err != nil:
		return "", 0, err
	}
	return digest.Digest(r.Digest), w.offset, nil
}

func (w *writer) close() {
	w.stream.CloseSend() //nolint:errcheck // it is cancelled, too
	w.cancel()
}

// Get opens a blob and returns its length. A missing one has kind not_found.
func (s *Session) Get(ctx context.Context, d digest.Digest) (io.ReadCloser, int64, error) {
	info, err := s.content().Info(s.in(ctx), &contentapi.InfoRequest{Digest: d.String()})
	if err != nil {
		return nil, 0, fault(err, "blob "+d.String())
	}
	ctx, cancel := context.WithCancel(ctx)
	stream, err := s.content().Read(s.in(ctx), &contentapi.ReadContentRequest{Digest: d.String()})
	if err != nil {
		cancel()
		return nil, 0, fault(err, "read blob "+d.String())
	}
	return &reader{stream: stream, cancel: cancel, what: "read blob " + d.String()}, info.Info.Size, nil
}

type reader struct {
	stream contentapi.Content_ReadClient
	cancel func()
	what   string
	rest   []byte
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		m, err := r.stream.Recv()
		if errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fault(err, r.what)
		}
		r.rest = m.Data
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close implements io.Closer.
func (r *reader) Close() error {
	r.cancel()
	return nil
}

// label sets labels of a blob and leaves its others alone. Idempotent.
func (s *Session) label(ctx context.Context, d digest.Digest, labels map[string]string) error {
	mask := &fieldmaskpb.FieldMask{}
	for k := range labels {
		mask.Paths = append(mask.Paths, "labels."+k)
	}
	_, err := s.content().Update(s.in(ctx), &contentapi.UpdateRequest{
		Info: &contentapi.Info{Digest: d.String(), Labels: labels}, UpdateMask: mask,
	})
	return fault(err, "label blob "+d.String())
}
