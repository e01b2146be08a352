// Package registry moves images: from a registry or an archive into a content
// store, and from the store into an archive. It is the only importer of
// go.podman.io/image, whose files it honours: registries.conf, certs.d,
// auth.json, policy.json.
//
// What comes from outside is checked before it is stored: every blob and every
// manifest against its digest, sizes against their limits, time against
// IdleTimeout.
package registry

import (
	"context"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// IdleTimeout is how long a registry may send nothing in the middle of a blob;
// for a connection with its manifest it is twice that.
const IdleTimeout = 30 * time.Second

// MaxDocument bounds a manifest and an image config, bytes.
const MaxDocument = 4 << 20

// Store keeps blobs by digest. Every call is safe for concurrent use, by
// several processes too, and idempotent.
type Store interface {
	// Size returns the length of a blob, and false when it is not there. One
	// that is there is kept from then on.
	Size(ctx context.Context, d digest.Digest) (int64, bool, error)
	// Put stores what r gives. It checks it against d when that is not empty,
	// and may leave r unread when the blob is there. size is -1 if unknown.
	Put(ctx context.Context, d digest.Digest, size int64, r io.Reader) (digest.Digest, int64, error)
	// Fetch stores the blob d of that size. What another Fetch, also of a process
	// that died, has left of it is used: open is asked for the blob from that byte
	// on. A blob that is there is not asked for; one that is not what d says has
	// kind corrupt, and nothing of it is left.
	Fetch(ctx context.Context, d digest.Digest, size int64, open Opener) error
	// PutManifest stores a manifest or an index; of an index, child is the one
	// manifest of it that was stored.
	PutManifest(ctx context.Context, d digest.Digest, data []byte, child digest.Digest) error
	// Get opens a blob and returns its length. A missing one has kind not_found.
	Get(ctx context.Context, d digest.Digest) (io.ReadCloser, int64, error)
}

// Opener opens a blob from a byte on.
type Opener = func(ctx context.Context, offset int64) (io.ReadCloser, error)

// Image is what a copy into the store has stored.
type Image struct {
	Target   ocispec.Descriptor // index or manifest, as the source named it
	Digest   digest.Digest      // of the platform's manifest
	Manifest ocispec.Manifest
	Config   []byte
}

// Watcher follows a copy. Its methods must not block; a nil field is not called.
type Watcher struct {
	// Image is called when manifest and config are known, before the layers.
	Image func(m *ocispec.Manifest, config []byte)
	// Blob is called when a blob is in the store.
	Blob func(d digest.Digest)
	// Progress is called now and then for each blob.
	Progress func(Event)
}

// Event is the progress of one blob.
type Event struct {
	Digest digest.Digest
	Size   int64 // bytes, -1 unknown
	Offset int64 // bytes so far
	Config bool  // it is the image's config, not a layer
	Done   bool  // in the store
	Had    bool  // was in the store before
}
