package registry

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// memory is a Store for tests without an engine.
type memory struct {
	mu        sync.Mutex
	blobs     map[digest.Digest][]byte
	manifests map[digest.Digest]digest.Digest // with its child
	partial   map[digest.Digest][]byte
	puts      int
}

func newMemory() *memory {
	return &memory{blobs: map[digest.Digest][]byte{}, manifests: map[digest.Digest]digest.Digest{}, partial: map[digest.Digest][]byte{}}
}

func (m *memory) Size(_ context.Context, d digest.Digest) (int64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[d]
	return int64(len(b)), ok, nil
}

func (m *memory) Put(_ context.Context, d digest.Digest, _ int64, r io.Reader) (digest.Digest, int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", 0, err
	}
	got := digest.FromBytes(b)
	if d != "" && got != d {
		return "", 0, errs.New(errs.Internal, "nobody checked blob %s", d)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[got] = b
	m.puts++
	return got, int64(len(b)), nil
}

func (m *memory) PutManifest(_ context.Context, d digest.Digest, data []byte, child digest.Digest) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[d] = data
	m.manifests[d] = child
	return nil
}

func (m *memory) Get(_ context.Context, d digest.Digest) (io.ReadCloser, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[d]
	if !ok {
		return nil, 0, errs.New(errs.NotFound, "no blob %s", d)
	}
	return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
}

func (m *memory) Fetch(ctx context.Context, d digest.Digest, _ int64, open Opener) error {
	m.mu.Lock()
	b := m.partial[d]
	m.mu.Unlock()
	r, err := open(ctx, int64(len(b)))
	if err != nil {
		return err
	}
	defer r.Close()
	more, err := io.ReadAll(r)
	b = append(b, more...)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.partial[d] = b
		return err
	}
	delete(m.partial, d)
	if got := digest.FromBytes(b); got != d {
		return errs.New(errs.Corrupt, "blob %s: digest %s", d, got)
	}
	m.blobs[d] = b
	m.puts++
	return nil
}
