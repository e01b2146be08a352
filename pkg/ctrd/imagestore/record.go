package imagestore

import (
	"context"
	"time"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// Record is a name and what it names.
type Record struct {
	Name    string
	Target  ocispec.Descriptor
	Updated time.Time
}

// Details of an image, as far as they are in the store.
type Details struct {
	Digest   digest.Digest // of the platform's manifest
	Manifest *ocispec.Manifest
	Config   *ocispec.Image
	Raw      []byte // the config as it is stored
}

// SetImage makes name mean target, in place of what it meant before. Idempotent.
func (s *Store) SetImage(ctx context.Context, name string, target ocispec.Descriptor) error {
	img := &imagesapi.Image{Name: name, Target: &types.Descriptor{
		MediaType: target.MediaType, Digest: target.Digest.String(), Size: target.Size,
	}}
	for range 8 { // between the two calls somebody may remove or make it
		_, err := s.images().Create(s.in(ctx), &imagesapi.CreateImageRequest{Image: img})
		if err = fault(err, "name image "+name); !errs.Is(err, errs.Conflict) {
			return err
		}
		_, err = s.images().Update(s.in(ctx), &imagesapi.UpdateImageRequest{
			Image: img, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"target"}},
		})
		if err = fault(err, "name image "+name); !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	return errs.New(errs.Unavailable, "name image %s: it changes too fast", name)
}

// Images lists every name.
func (s *Store) Images(ctx context.Context) ([]Record, error) {
	r, err := s.images().List(s.in(ctx), &imagesapi.ListImagesRequest{})
	if err != nil {
		return nil, fault(err, "list images")
	}
	out := make([]Record, 0, len(r.Images))
	for _, i := range r.Images {
		out = append(out, recordOf(i))
	}
	return out, nil
}

// Image returns what name means; kind not_found when it means nothing.
func (s *Store) Image(ctx context.Context, name string) (Record, error) {
	r, err := s.images().Get(s.in(ctx), &imagesapi.GetImageRequest{Name: name})
	if err != nil {
		return Record{}, fault(err, "image "+name)
	}
	return recordOf(r.Image), nil
}

func recordOf(i *imagesapi.Image) Record {
	t := i.GetTarget()
	return Record{Name: i.Name, Updated: i.UpdatedAt.AsTime(), Target: ocispec.Descriptor{
		MediaType: t.GetMediaType(), Digest: digest.Digest(t.GetDigest()), Size: t.GetSize(),
	}}
}

// RemoveImage removes a name; with collect it returns after what nothing names
// any more is gone. Idempotent.
func (s *Store) RemoveImage(ctx context.Context, name string, collect bool) error {
	_, err := s.images().Delete(s.in(ctx), &imagesapi.DeleteImageRequest{Name: name, Sync: collect})
	if err = fault(err, "remove image "+name); errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// Details reads what target is: for an index, its manifest that is in the store
// and fits this machine best. What is missing gives kind not_found.
func (s *Store) Details(ctx context.Context, target digest.Digest) (*Details, error) {
	d, m, err := s.blobs().Manifest(ctx, target)
	if err != nil {
		return nil, err
	}
	raw, err := s.blobs().Blob(ctx, m.Config.Digest)
	if err != nil {
		return nil, err
	}
	c, err := manifest.Config(m, raw)
	if err != nil {
		return nil, err
	}
	return &Details{Digest: d, Manifest: m, Config: c, Raw: raw}, nil
}

// Usage is how much disk the unpacked layers take, bytes; each counts, shared
// with other images or not.
func (s *Store) Usage(ctx context.Context, diffIDs []digest.Digest) (int64, error) {
	sizes, err := s.Usages(ctx, diffIDs)
	var sum int64
	for _, n := range sizes {
		sum += n
	}
	return sum, err
}

// Usages is how much disk each of the unpacked layers takes, bytes.
func (s *Store) Usages(ctx context.Context, diffIDs []digest.Digest) ([]int64, error) {
	var sizes []int64
	for _, c := range identity.ChainIDs(append([]digest.Digest(nil), diffIDs...)) {
		r, err := s.snapshots().Usage(s.in(ctx), &snapshotsapi.UsageRequest{Snapshotter: Snapshotter, Key: c.String()})
		if err != nil {
			return nil, fault(err, "snapshot "+c.String())
		}
		sizes = append(sizes, r.Size)
	}
	return sizes, nil
}

// Complete reports whether every blob of a manifest is in the store.
func (s *Store) Complete(ctx context.Context, m *ocispec.Manifest) (bool, error) {
	for _, d := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
		_, err := s.content().Info(s.in(ctx), &contentapi.InfoRequest{Digest: d.Digest.String()})
		if err = fault(err, "blob "+d.Digest.String()); errs.Is(err, errs.NotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}
