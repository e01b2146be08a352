package imagestore

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// deathNotice is how long prune waits for a blob that is being written.
const deathNotice = time.Second

// opener opens a blob from a byte on.
type opener = func(ctx context.Context, offset int64) (io.ReadCloser, error)

// Fetch implements registry.Store. What of a blob has come stays in containerd's
// ingest of that digest, without a lease: containerd keeps it for a day after the
// last writer opened it. containerd checks length and digest.
func (s *Session) Fetch(ctx context.Context, d digest.Digest, size int64, open opener) error {
	resumed, err := s.fetch(ctx, d, size, open)
	if resumed && errs.Is(err, errs.Corrupt) { // what was left may have been, after a power cut
		_, err = s.fetch(ctx, d, size, open)
	}
	return err
}

func (s *Session) fetch(ctx context.Context, d digest.Digest, size int64, open opener) (resumed bool, err error) {
	if err := s.Hold(ctx, d); err != nil { // before it is there: nobody collects it then
		return false, err
	}
	w, err := s.writer(s.in(ctx), d, size)
	if errs.Is(err, errs.Conflict) {
		_, err := s.found(ctx, d)
		return false, err
	}
	if err != nil {
		return false, err
	}
	defer w.close()
	s.begun.Store(ingest(d), true)
	resumed = w.offset > 0
	if err := w.fill(ctx, size, open); err != nil {
		return resumed, err
	}
	s.brought.Store(true) // it may come to be there, and the answer not
	_, _, err = w.commit(d, size, nil)
	if errs.Is(err, errs.Corrupt) {
		err = errors.Join(err, s.abort(ctx, ingest(d)))
	}
	if err == nil {
		s.begun.Delete(ingest(d))
	}
	return resumed, err
}

// fill writes what is missing.
func (w *writer) fill(ctx context.Context, size int64, open opener) error {
	if size >= 0 && w.offset >= size {
		return nil // the commit sees what it is
	}
	r, err := open(ctx, w.offset)
	if err != nil {
		return err
	}
	defer r.Close()
	return w.copy(r)
}

// abort throws away what was written of a blob. Idempotent.
func (s *Store) abort(ctx context.Context, ref string) error {
	_, err := s.content().Abort(s.in(ctx), &contentapi.AbortRequest{Ref: ref})
	if err = fault(err, "give up "+ref); errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// dropBegun gives up the blobs that the session began to fetch and did not finish.
func (s *Session) dropBegun(ctx context.Context) (err error) {
	s.begun.Range(func(ref, _ any) bool {
		_, err = s.dropIngest(ctx, ref.(string))
		return err == nil
	})
	return err
}

// dropPartial removes the leases of sessions for name that did not come to their
// end; empty: for anything.
func (s *Store) dropPartial(ctx context.Context, name string, collect bool) error {
	ids, err := images.Partial(ctx, s.rpc, s.namespace, name)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.dropLease(ctx, id, collect); err != nil {
			return err
		}
	}
	return nil
}

// dropLease removes a lease; collect: it returns after what it held is gone.
// Idempotent.
func (s *Store) dropLease(ctx context.Context, id string, collect bool) error {
	_, err := s.leases().Delete(s.in(ctx), &leasesapi.DeleteRequest{ID: id, Sync: collect})
	if err = fault(err, "remove lease "+id); errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// DropPartials gives up all that unfinished pulls have left, but for blobs that are
// being written, and returns how many bytes it was.
func (s *Store) DropPartials(ctx context.Context) (freed int64, err error) {
	before, err := s.stored(ctx)
	if err != nil {
		return 0, err
	}
	st, err := s.content().ListStatuses(s.in(ctx), &contentapi.ListStatusesRequest{})
	if err != nil {
		return 0, fault(err, "list unfinished blobs")
	}
	for _, p := range st.Statuses {
		if !strings.HasPrefix(p.Ref, ingestPrefix) {
			continue
		}
		n, err := s.dropIngest(ctx, p.Ref)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	if err := s.dropPartial(ctx, "", true); err != nil {
		return freed, err
	}
	after, err := s.stored(ctx)
	return freed + max(0, before-after), err
}

// dropIngest gives up an unfinished blob, unless somebody writes it. containerd may
// need a moment to see that a writer died.
func (s *Store) dropIngest(ctx context.Context, ref string) (int64, error) {
	wait, cancel := context.WithTimeout(ctx, deathNotice)
	defer cancel()
	w, err := s.writerOf(s.in(wait), ref, "", -1)
	if err != nil && ctx.Err() == nil && wait.Err() != nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer w.close()
	return w.offset, s.abort(ctx, ref)
}

// stored is the size of all blobs, bytes.
func (s *Store) stored(ctx context.Context) (int64, error) {
	list, err := s.content().List(s.in(ctx), &contentapi.ListContentRequest{})
	if err != nil {
		return 0, fault(err, "list blobs")
	}
	var n int64
	for {
		m, err := list.Recv()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, fault(err, "list blobs")
		}
		for _, i := range m.Info {
			n += i.Size
		}
	}
}
