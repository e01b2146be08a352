package imagestore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// PutManifest stores a manifest or an index with the labels that make what it
// names live as long as it does; of an index, child is the one manifest of it
// that is there. Idempotent; an index gains a label for each child.
// The labels are those of containerd's documentation of garbage collection.
func (s *Session) PutManifest(ctx context.Context, d digest.Digest, data []byte, child digest.Digest) error {
	entries, m, err := manifest.Parse(d, data)
	if err != nil {
		return err
	}
	labels := manifestLabels(m)
	if m == nil {
		if labels, err = indexLabels(d, entries, child); err != nil {
			return err
		}
	}
	if _, _, err := s.put(ctx, d, int64(len(data)), bytes.NewReader(data), labels); err != nil {
		return err
	}
	return s.label(ctx, d, labels) // it may have been there without
}

func manifestLabels(m *ocispec.Manifest) map[string]string {
	if m == nil {
		return nil
	}
	labels := map[string]string{"containerd.io/gc.ref.content.config": m.Config.Digest.String()}
	for i, l := range m.Layers {
		labels[fmt.Sprintf("containerd.io/gc.ref.content.l.%d", i)] = l.Digest.String()
	}
	return labels
}

func indexLabels(d digest.Digest, entries []ocispec.Descriptor, child digest.Digest) (map[string]string, error) {
	for i, e := range entries {
		if e.Digest == child {
			return map[string]string{fmt.Sprintf("containerd.io/gc.ref.content.m.%d", i): child.String()}, nil
		}
	}
	return nil, errs.New(errs.Corrupt, "index %s: manifest %s is not in it", d, child)
}
