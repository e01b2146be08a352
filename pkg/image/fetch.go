package image

import (
	"context"
	"errors"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// copyFunc copies an image into the store.
type copyFunc func(context.Context, registry.Store, registry.Watcher) (*registry.Image, error)

// fetch copies an image in, unpacks each layer as soon as it is there, and then,
// all being complete, gives it its names; none means the id alone. When it
// fails nothing is named; what was stored is collected, unless the copy was not
// complete and keep is given, a name under which the next fetch finds it.
func (m *Manager) fetch(outer context.Context, names []string, keep string, tell func(registry.Event), copyIn copyFunc) (img *Image, err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	s, err := m.session(ctx, keep)
	if err != nil {
		return nil, err
	}
	copying := true
	defer func() { endCopy(outer, s, copying, &err) }()
	s.Lock, s.Limit = m.lock, m.MaxLayer
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	u := &unpacker{ctx: ctx, fail: fail, session: s}
	got, err := copyIn(ctx, s, registry.Watcher{Image: u.start, Blob: u.arrived, Progress: tell})
	if err != nil {
		fail(err)
		u.wait()
		if errors.Is(err, context.Canceled) && u.outcome != nil {
			err, copying = u.outcome, false // the copy ended because a layer could not be unpacked
		}
		return nil, err
	}
	copying = false
	if err := u.finish(got); err != nil {
		return nil, err
	}
	id := got.Manifest.Config.Digest
	if len(names) == 0 {
		names = []string{nameless(id)}
	}
	for _, n := range names {
		if err := m.store.SetImage(ctx, n, got.Target); err != nil {
			return nil, err
		}
	}
	return &Image{Name: names[0], ID: id, Digest: got.Target.Digest}, nil
}

// session begins one that, when it fails, leaves what it brought to the next one
// with that name; without a name it leaves nothing.
func (m *Manager) session(ctx context.Context, keep string) (*imagestore.Session, error) {
	if keep == "" {
		return m.store.Begin(ctx)
	}
	return m.store.Resume(ctx, keep)
}

// endCopy is end of a session that copied an image in. What a copy that failed brought
// is kept, whatever the reason: every blob of it is what its digest says. What an image
// brought that is whole but cannot be unpacked is not.
func endCopy(ctx context.Context, s *imagestore.Session, copying bool, err *error) {
	if *err != nil && copying && !imagestore.NoSpace(*err) {
		s.Keep(ctx) //nolint:errcheck // the first error is told
		return
	}
	end(ctx, s, err)
}

// end ends a session; of two errors the first counts. What was brought is kept when
// the same may work later.
func end(ctx context.Context, s *imagestore.Session, err *error) {
	if *err != nil && (ctx.Err() != nil || errs.Is(*err, errs.Unavailable)) {
		s.Keep(ctx) //nolint:errcheck // the next command does what this one cannot
		return
	}
	if eerr := s.End(ctx); *err == nil {
		*err = eerr
	}
}

// lock is the machine-wide lock of one layer's unpacking.
func (m *Manager) lock(ctx context.Context, name string) (func(), error) {
	l, err := m.state.LockWork(ctx, name)
	if err != nil {
		return nil, err
	}
	return l.Remove, nil
}

// unpacker unpacks the layers of an image while they come in.
type unpacker struct {
	ctx     context.Context
	fail    context.CancelCauseFunc // ends the copy when a layer cannot be unpacked
	session *imagestore.Session

	mu      sync.Mutex                      // start is called by one goroutine at a time
	blobs   map[digest.Digest]chan struct{} // closed when the blob is there
	config  digest.Digest                   // of the image being unpacked
	cancel  func()
	done    chan struct{}
	outcome error
}

// start begins to unpack an image. When a pull that is tried again finds
// another one under the same name, the first is given up.
func (u *unpacker) start(mf *ocispec.Manifest, config []byte) {
	u.mu.Lock()
	before, cancel, done := u.config, u.cancel, u.done
	u.mu.Unlock()
	if before == mf.Config.Digest {
		return
	}
	if cancel != nil {
		cancel()
		<-done
	}
	ctx, cancel := context.WithCancel(u.ctx)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.config, u.cancel, u.done = mf.Config.Digest, cancel, make(chan struct{})
	go u.run(ctx, mf, config, u.done)
}

func (u *unpacker) run(ctx context.Context, mf *ocispec.Manifest, config []byte, done chan struct{}) {
	defer close(done)
	err := u.unpack(ctx, mf, config, u.ready)
	if err == nil || ctx.Err() != nil && u.ctx.Err() == nil {
		return // done, or given up for another image
	}
	u.outcome = err
	u.fail(err)
}

func (u *unpacker) unpack(ctx context.Context, mf *ocispec.Manifest, config []byte, ready func(context.Context, digest.Digest) error) error {
	c, err := manifest.Config(mf, config)
	if err != nil {
		return err
	}
	return u.session.Unpack(ctx, mf.Layers, c.RootFS.DiffIDs, ready)
}

// arrived tells that a blob is in the store.
func (u *unpacker) arrived(d digest.Digest) {
	ch := u.blob(d)
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// ready waits for a blob.
func (u *unpacker) ready(ctx context.Context, d digest.Digest) error {
	there := u.blob(d)
	select {
	case <-there:
		return nil
	default:
	}
	select {
	case <-there:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (u *unpacker) blob(d digest.Digest) chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.blobs == nil {
		u.blobs = map[digest.Digest]chan struct{}{}
	}
	if u.blobs[d] == nil {
		u.blobs[d] = make(chan struct{})
	}
	return u.blobs[d]
}

// wait waits for the unpacking that was started, if any.
func (u *unpacker) wait() {
	u.mu.Lock()
	done := u.done
	u.mu.Unlock()
	if done != nil {
		<-done
	}
}

// finish waits until the image is unpacked; one that the copy did not tell of
// is unpacked now.
func (u *unpacker) finish(img *registry.Image) error {
	u.wait()
	if u.outcome != nil {
		return u.outcome
	}
	if u.config != img.Manifest.Config.Digest {
		there := func(context.Context, digest.Digest) error { return nil }
		if err := u.unpack(u.ctx, &img.Manifest, img.Config, there); err != nil {
			return err
		}
	}
	c, err := manifest.Config(&img.Manifest, img.Config)
	if err != nil {
		return err
	}
	return u.session.Finish(u.ctx, img.Manifest.Config.Digest, c.RootFS.DiffIDs)
}
