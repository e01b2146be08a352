package imagestore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Blobs lists what the content store has in the namespace, with lengths in bytes.
func (s *Store) Blobs(ctx context.Context) (map[digest.Digest]int64, error) {
	stream, err := s.content().List(s.in(ctx), &contentapi.ListContentRequest{})
	if err != nil {
		return nil, fault(err, "list blobs")
	}
	out := map[digest.Digest]int64{}
	err = received(stream.Recv, func(r *contentapi.ListContentResponse) {
		for _, i := range r.Info {
			out[digest.Digest(i.Digest)] = i.Size
		}
	})
	return out, fault(err, "list blobs")
}

// Intact reads the whole blob d. Kind corrupt: it is not what its digest says;
// not_found: it is not there.
func (s *Session) Intact(ctx context.Context, d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return errs.New(errs.Corrupt, "blob %q: %w", d, err)
	}
	r, _, err := s.Get(ctx, d)
	if err != nil {
		return err
	}
	defer r.Close()
	sum := d.Algorithm().Digester()
	if _, err := io.Copy(sum.Hash(), r); err != nil {
		return err
	}
	if got := sum.Digest(); got != d {
		return errs.New(errs.Corrupt, "blob %s: the content's digest is %s", d, got)
	}
	return nil
}

// DropBlob removes a blob from the namespace. Idempotent.
func (s *Store) DropBlob(ctx context.Context, d digest.Digest) error {
	_, err := s.content().Delete(s.in(ctx), &contentapi.DeleteContentRequest{Digest: d.String()})
	if err = fault(err, "remove blob "+d.String()); errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// Chain looks whether the unpacked layers with those diff ids are all there, and
// have their folders. Kind corrupt: something is missing.
func (s *Session) Chain(ctx context.Context, diffIDs []digest.Digest) error {
	for _, c := range identity.ChainIDs(append([]digest.Digest(nil), diffIDs...)) {
		_, err := s.snapshots().Stat(s.in(ctx), &snapshotsapi.StatSnapshotRequest{Snapshotter: Snapshotter, Key: c.String()})
		if err = fault(err, "snapshot "+c.String()); errs.Is(err, errs.NotFound) {
			return errs.New(errs.Corrupt, "snapshot %s: missing", c)
		} else if err != nil {
			return err
		}
	}
	key := s.ViewKey() + "-chain"
	v, err := s.View(ctx, key, diffIDs)
	if errs.Is(err, errs.Internal) && strings.Contains(err.Error(), unix.ENOENT.Error()) { // overlayfs looks at the last folder itself
		return errs.New(errs.Corrupt, "%w", err)
	}
	if err != nil {
		return err
	}
	defer s.discardView(ctx, key)
	for _, m := range v.Mounts {
		for _, folder := range folders(m.Source, m.Options) {
			if _, err := os.Lstat(folder); errors.Is(err, fs.ErrNotExist) {
				return errs.New(errs.Corrupt, "snapshot folder %s: missing", folder)
			}
		}
	}
	return nil
}

// folders are those that a view's mount reads: the source of a bind mount, the
// lower ones of an overlay.
func folders(source string, options []string) []string {
	for _, o := range options {
		if dirs, ok := strings.CutPrefix(o, "lowerdir="); ok {
			return strings.Split(dirs, ":")
		}
	}
	return []string{source}
}

// DropChain removes the unpacked layers with those diff ids, the last one first,
// down to one that is used by something else. Idempotent.
func (s *Store) DropChain(ctx context.Context, diffIDs []digest.Digest) error {
	chain := identity.ChainIDs(append([]digest.Digest(nil), diffIDs...))
	for _, c := range slices.Backward(chain) {
		_, err := s.snapshots().Remove(s.in(ctx), &snapshotsapi.RemoveSnapshotRequest{Snapshotter: Snapshotter, Key: c.String()})
		err = fault(err, "remove snapshot "+c.String())
		if errs.Is(err, errs.InUse) {
			return nil
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	return nil
}

// Collect ends the session and returns after all that nothing names is gone.
func (s *Session) Collect(ctx context.Context) error { return s.dropLease(ctx, s.lease, true) }

// Document reads a small blob whole.
func (s *Store) Document(ctx context.Context, d digest.Digest) ([]byte, error) {
	return s.blobs().Blob(ctx, d)
}

// Unpacked reports whether the image with that config is one whose layers are
// kept unpacked: Finish said so.
func (s *Store) Unpacked(ctx context.Context, config digest.Digest) (bool, error) {
	r, err := s.content().Info(s.in(ctx), &contentapi.InfoRequest{Digest: config.String()})
	if err != nil {
		return false, fault(err, "blob "+config.String())
	}
	return r.Info.Labels["containerd.io/gc.ref.snapshot."+Snapshotter] != "", nil
}
