package imagestore

import (
	"context"
	"maps"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// rooted keeps a snapshot that nothing refers to (docs/garbage-collection.md of
// containerd).
const rooted = "containerd.io/gc.root"

// View is a snapshot that shows an image's root and cannot be written to.
type View struct {
	Key    string
	Labels map[string]string
	Mounts []*types.Mount
}

// View makes the view key of the layers with those diff ids, which goes with the
// session, and returns how it is mounted. A missing layer gives kind not_found.
func (s *Session) View(ctx context.Context, key string, diffIDs []digest.Digest) (*View, error) {
	return s.view(s.under(ctx), key, diffIDs, nil)
}

// KeepView is View that stays until RemoveView, with labels to know it by.
func (s *Store) KeepView(ctx context.Context, key string, diffIDs []digest.Digest, labels map[string]string) (*View, error) {
	labels = maps.Clone(labels)
	labels[rooted] = "pouch"
	return s.view(s.in(ctx), key, diffIDs, labels)
}

func (s *Store) view(ctx context.Context, key string, diffIDs []digest.Digest, labels map[string]string) (*View, error) {
	parent := ""
	if len(diffIDs) > 0 {
		parent = identity.ChainID(append([]digest.Digest(nil), diffIDs...)).String()
	}
	req := &snapshotsapi.ViewSnapshotRequest{Snapshotter: Snapshotter, Key: key, Parent: parent, Labels: labels}
	r, err := s.snapshots().View(ctx, req)
	if images.OrphanFolder(err) {
		r, err = s.snapshots().View(ctx, req)
	}
	if err != nil {
		return nil, fault(err, "look at snapshot "+parent)
	}
	return &View{Key: key, Labels: labels, Mounts: r.Mounts}, nil
}

// Views lists the views of KeepView that have the label; without Mounts.
func (s *Store) Views(ctx context.Context, label string) ([]View, error) {
	stream, err := s.snapshots().List(s.in(ctx), &snapshotsapi.ListSnapshotsRequest{
		Snapshotter: Snapshotter, Filters: []string{`labels."` + label + `"`},
	})
	if err != nil {
		return nil, fault(err, "list views")
	}
	var out []View
	err = received(stream.Recv, func(r *snapshotsapi.ListSnapshotsResponse) {
		for _, i := range r.Info {
			out = append(out, View{Key: i.Name, Labels: i.Labels})
		}
	})
	return out, fault(err, "list views")
}

// RemoveView removes a view. Idempotent.
func (s *Store) RemoveView(ctx context.Context, key string) error {
	_, err := s.snapshots().Remove(s.in(ctx), &snapshotsapi.RemoveSnapshotRequest{Snapshotter: Snapshotter, Key: key})
	if err = fault(err, "remove view "+key); errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// ViewKey is a name for a view of this session alone.
func (s *Session) ViewKey() string { return "view-" + s.lease }

// LabelView sets a label of a view. Idempotent.
func (s *Store) LabelView(ctx context.Context, key, label, value string) error {
	_, err := s.snapshots().Update(s.in(ctx), &snapshotsapi.UpdateSnapshotRequest{
		Snapshotter: Snapshotter,
		Info:        &snapshotsapi.Info{Name: key, Labels: map[string]string{label: value}},
		UpdateMask:  &fieldmaskpb.FieldMask{Paths: []string{"labels." + label}},
	})
	return fault(err, "label view "+key)
}
