package imagestore

import (
	"context"
	"crypto/rand"
	"time"

	diffapi "github.com/containerd/containerd/api/services/diff/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Unpack turns an image's layers into snapshots named by their chain ids (OCI
// image specification, config.md), each checked against its diff id and on the
// disk when its name appears. ready is asked for every layer before it is read
// and returns when its blob is there; of a blob that is there it says so also when
// its context has ended. Snapshots that exist are used; one that another session is
// making is waited for. Idempotent.
func (s *Session) Unpack(ctx context.Context, layers []ocispec.Descriptor, diffIDs []digest.Digest, ready func(context.Context, digest.Digest) error) error {
	if len(layers) != len(diffIDs) {
		return errs.New(errs.Corrupt, "%d layers and %d diff ids", len(layers), len(diffIDs))
	}
	b := &batch{Session: s}
	defer b.discard(ctx)
	chain := identity.ChainIDs(append([]digest.Digest(nil), diffIDs...))
	for i, l := range layers {
		parent := ""
		if i > 0 {
			parent = chain[i-1].String()
		}
		if !soon(ctx, l.Digest, ready) { // others may want what is unpacked before this one comes
			if err := b.commit(ctx); err != nil {
				return err
			}
		}
		u := unpacking{Session: s, layer: l, diffID: diffIDs[i], parent: parent, name: chain[i].String(), ready: ready}
		if err := b.add(ctx, u); err != nil {
			return err
		}
	}
	return b.commit(ctx)
}

// patience is how long unpacked layers wait for the next one before they get their
// names without it.
const patience = 200 * time.Millisecond

// soon reports whether a blob is there within patience.
func soon(ctx context.Context, d digest.Digest, ready func(context.Context, digest.Digest) error) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return ready(ctx, d) == nil
}

// Finish makes the unpacked layers live as long as the image's config.
func (s *Session) Finish(ctx context.Context, config digest.Digest, diffIDs []digest.Digest) error {
	if len(diffIDs) == 0 {
		return nil
	}
	return s.label(ctx, config, map[string]string{
		"containerd.io/gc.ref.snapshot." + Snapshotter: identity.ChainID(diffIDs).String(),
	})
}

// unpacking is one layer on its way to a snapshot.
type unpacking struct {
	*Session
	layer        ocispec.Descriptor
	diffID       digest.Digest
	parent, name string
	ready        func(context.Context, digest.Digest) error
}

// there reports whether the snapshot exists; it is held first, so it stays.
func (u unpacking) there(ctx context.Context) (bool, error) {
	if err := u.hold(ctx, "snapshots/"+Snapshotter, u.name); err != nil {
		return false, err
	}
	_, err := u.snapshots().Stat(u.in(ctx), &snapshotsapi.StatSnapshotRequest{Snapshotter: Snapshotter, Key: u.name})
	err = fault(err, "snapshot "+u.name)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// prepare makes the snapshot that the layer is unpacked into, over parent.
func (u unpacking) prepare(ctx context.Context, parent string) (key string, mounts []*types.Mount, err error) {
	key = "extract-" + rand.Text()[:8] + "-" + u.name
	req := &snapshotsapi.PrepareSnapshotRequest{Snapshotter: Snapshotter, Key: key, Parent: parent}
	p, err := u.snapshots().Prepare(u.under(ctx), req)
	if images.OrphanFolder(err) {
		p, err = u.snapshots().Prepare(u.under(ctx), req)
	}
	if err != nil {
		return "", nil, fault(err, "unpack layer "+u.layer.Digest.String())
	}
	return key, p.Mounts, nil
}

// apply writes the layer's files, syncs them when asked to, and checks what was
// written.
func (u unpacking) apply(outer context.Context, key string, mounts []*types.Mount, sync bool) error {
	ctx, end := u.limited(outer, key, u.layer.Digest.String())
	defer end()
	r, err := u.diff().Apply(u.under(ctx), &diffapi.ApplyRequest{
		Diff:   &types.Descriptor{MediaType: u.layer.MediaType, Digest: u.layer.Digest.String(), Size: u.layer.Size},
		Mounts: mounts, SyncFs: sync,
	})
	if err != nil && ctx.Err() != nil && outer.Err() == nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return layerFault(err, u.layer.Digest)
	}
	if err := u.within(ctx, key, u.layer.Digest.String()); err != nil {
		return err
	}
	if got := r.Applied.GetDigest(); got != u.diffID.String() {
		return errs.New(errs.Corrupt, "layer %s: unpacks to %s, the image's config says %s", u.layer.Digest, got, u.diffID)
	}
	return nil
}

// commit gives the unpacked layer its name.
func (u unpacking) commit(ctx context.Context, key string) error {
	_, err := u.snapshots().Commit(u.under(ctx), &snapshotsapi.CommitSnapshotRequest{
		Snapshotter: Snapshotter, Name: u.name, Key: key, Parent: u.parent,
	})
	if err = fault(err, "unpack layer "+u.layer.Digest.String()); errs.Is(err, errs.Conflict) {
		u.discard(ctx, key)
		return nil // somebody was quicker: theirs is as good
	}
	if err != nil {
		return err
	}
	return u.label(ctx, u.layer.Digest, map[string]string{"containerd.io/uncompressed": u.diffID.String()})
}

func (u unpacking) discard(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	u.snapshots().Remove(u.in(ctx), &snapshotsapi.RemoveSnapshotRequest{Snapshotter: Snapshotter, Key: key}) //nolint:errcheck // the lease's end does it too, later
}
