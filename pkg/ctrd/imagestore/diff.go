package imagestore

import (
	"context"
	"time"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	diffapi "github.com/containerd/containerd/api/services/diff/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Diff stores what the writable snapshot key has changed over parent (a chain
// id; empty: all of it) as a layer, and returns its blob and its diff id. The
// snapshot is only read.
func (s *Session) Diff(ctx context.Context, key, parent string) (ocispec.Descriptor, digest.Digest, error) {
	var none ocispec.Descriptor
	now, err := s.snapshots().Mounts(s.in(ctx), &snapshotsapi.MountsRequest{Snapshotter: Snapshotter, Key: key})
	if err != nil {
		return none, "", fault(err, "snapshot "+key)
	}
	view := "view-" + s.lease // of this session alone, and gone with its lease
	req := &snapshotsapi.ViewSnapshotRequest{Snapshotter: Snapshotter, Key: view, Parent: parent}
	before, err := s.snapshots().View(s.under(ctx), req)
	if images.OrphanFolder(err) {
		before, err = s.snapshots().View(s.under(ctx), req)
	}
	if err != nil {
		return none, "", fault(err, "look at snapshot "+parent)
	}
	defer s.discardView(ctx, view)
	r, err := s.diff().Diff(s.under(ctx), &diffapi.DiffRequest{
		Left: before.Mounts, Right: now.Mounts, MediaType: ocispec.MediaTypeImageLayerGzip, Ref: s.lease + "-layer",
	})
	if err != nil {
		return none, "", fault(err, "compare snapshot "+key)
	}
	layer := ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.Digest(r.Diff.GetDigest()), Size: r.Diff.GetSize(),
	}
	id, err := s.diffID(ctx, layer.Digest)
	return layer, id, err
}

// diffID is the digest of a layer's tar stream, as containerd notes it.
func (s *Session) diffID(ctx context.Context, layer digest.Digest) (digest.Digest, error) {
	r, err := s.content().Info(s.in(ctx), &contentapi.InfoRequest{Digest: layer.String()})
	if err != nil {
		return "", fault(err, "blob "+layer.String())
	}
	id, err := digest.Parse(r.Info.Labels["containerd.io/uncompressed"])
	if err != nil {
		return "", errs.New(errs.Internal, "layer %s: containerd does not tell its diff id", layer)
	}
	return id, nil
}

func (s *Session) discardView(ctx context.Context, view string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	s.snapshots().Remove(s.in(ctx), &snapshotsapi.RemoveSnapshotRequest{Snapshotter: Snapshotter, Key: view}) //nolint:errcheck // the lease's end does it too, later
}
