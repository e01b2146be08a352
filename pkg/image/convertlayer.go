package image

import (
	"context"
	"fmt"
	"io"
	"maps"
	"runtime"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
	"github.com/pouchcontainer/pouch/pkg/stargz"
)

// layerMade is a layer of the new image.
type layerMade struct {
	digest      digest.Digest
	size        int64
	diffID      digest.Digest
	annotations map[string]string
}

// convertersAtOnce bounds how many layers are made at once: each takes a processor,
// and memory for the names of its files.
func convertersAtOnce() int { return min(runtime.NumCPU(), 4) }

// all converts layers, each blob once, and returns them with their diff ids.
func (cv *conversion) all(ctx context.Context, layers []ocispec.Descriptor, diffIDs []digest.Digest, docker bool) ([]ocispec.Descriptor, []digest.Digest, error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(convertersAtOnce())
	begun := map[digest.Digest]bool{}
	for d := range cv.layers {
		begun[d] = true
	}
	for i, l := range layers {
		if begun[l.Digest] {
			continue
		}
		begun[l.Digest] = true
		g.Go(func() error {
			made, err := cv.layer(ctx, l, diffIDs[i])
			if err != nil {
				return fmt.Errorf("layer %s: %w", l.Digest, err)
			}
			mu.Lock()
			defer mu.Unlock()
			cv.layers[l.Digest] = made
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	out := make([]ocispec.Descriptor, 0, len(layers))
	ids := make([]digest.Digest, 0, len(layers))
	for _, l := range layers {
		made := cv.layers[l.Digest]
		d := ocispec.Descriptor{MediaType: layerType(docker, cv.To), Digest: made.digest, Size: made.size}
		if !docker {
			d.Annotations = stargz.Plain(l.Annotations)
			if len(made.annotations) > 0 {
				d.Annotations = maps.Clone(d.Annotations)
				if d.Annotations == nil {
					d.Annotations = map[string]string{}
				}
				maps.Copy(d.Annotations, made.annotations)
			}
		}
		out, ids = append(out, d), append(ids, made.diffID)
	}
	return out, ids, nil
}

// layer converts one.
func (cv *conversion) layer(ctx context.Context, l ocispec.Descriptor, diffID digest.Digest) (made layerMade, err error) {
	if !isLayer(l.MediaType) {
		return made, errs.New(errs.Unsupported, "it is %s, not a tar archive", l.MediaType)
	}
	if is, err := cv.already(ctx, l); err != nil || is {
		return layerMade{digest: l.Digest, size: l.Size, diffID: diffID}, err
	}
	var plan *stargz.Plan
	if cv.To == EStargz || cv.To == ZstdChunked {
		if plan, err = cv.scan(ctx, l, diffID); err != nil {
			return made, err
		}
	}
	made.digest, made.size, err = putStream(ctx, cv.session, func(w io.Writer) error {
		src, err := openLayer(ctx, cv.session, l, diffID, cv.tellOf(l))
		if err != nil {
			return err
		}
		defer src.Close()
		if made.diffID, made.annotations, err = cv.write(w, src, plan, stargz.Annotated(l.Annotations)); err != nil {
			return src.fault(err)
		}
		return src.verify()
	})
	if err == nil && cv.Tell != nil {
		cv.Tell(registry.Event{Digest: l.Digest, Size: l.Size, Offset: l.Size, Done: true})
	}
	return made, err
}

// tellOf tells how far a layer was read.
func (cv *conversion) tellOf(l ocispec.Descriptor) func(int64) {
	return func(offset int64) {
		if cv.Tell != nil {
			cv.Tell(registry.Event{Digest: l.Digest, Size: l.Size, Offset: offset})
		}
	}
}

// already reports whether a layer is what it is to be: its compression is looked at,
// as docker's media type says gzip of every layer.
func (cv *conversion) already(ctx context.Context, l ocispec.Descriptor) (bool, error) {
	magic := map[string]string{Gzip: "\x1f\x8b", Zstd: "\x28\xb5\x2f\xfd"}[cv.To] // RFC 1952, RFC 8878
	if magic == "" || stargz.Annotated(l.Annotations) {
		return false, nil
	}
	r, _, err := cv.session.Get(ctx, l.Digest)
	if err != nil {
		return false, err
	}
	defer r.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil && errs.KindOf(err) != errs.Internal {
		return false, err
	}
	return string(head) == magic, nil
}

// scan reads a layer once before it is read for good.
func (cv *conversion) scan(ctx context.Context, l ocispec.Descriptor, diffID digest.Digest) (*stargz.Plan, error) {
	src, err := openLayer(ctx, cv.session, l, diffID, nil)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	plan, err := stargz.Scan(src)
	if err != nil {
		return nil, err
	}
	return plan, src.verify()
}

// write writes the archive as the new layer. annotated: it came out of a layer that
// says that it has a table of contents.
func (cv *conversion) write(w io.Writer, archive io.Reader, plan *stargz.Plan, annotated bool) (digest.Digest, map[string]string, error) {
	if cv.To == EStargz {
		l, err := plan.Write(w, archive)
		if err != nil {
			return "", nil, err
		}
		return l.DiffID, l.Annotations(), nil
	}
	annotations := map[string]string{}
	z, err := registry.Compress(w, cv.To, annotations)
	if err != nil {
		return "", nil, err
	}
	sum := digest.Canonical.Digester()
	out := io.MultiWriter(z, sum.Hash())
	switch {
	case plan != nil:
		err = plan.Copy(out, archive)
	case annotated:
		err = stargz.Strip(out, archive)
	default:
		_, err = io.Copy(out, archive)
	}
	if cerr := z.Close(); err == nil {
		err = cerr
	}
	return sum.Digest(), annotations, err
}

// putStream stores what write writes, and returns its digest and size.
func putStream(ctx context.Context, s *imagestore.Session, write func(io.Writer) error) (digest.Digest, int64, error) {
	pr, pw := io.Pipe()
	sum := digest.Canonical.Digester()
	done := make(chan error, 1)
	go func() {
		err := write(io.MultiWriter(pw, sum.Hash()))
		pw.CloseWithError(err)
		done <- err
	}()
	d, size, err := s.Put(ctx, "", -1, pr)
	pr.Close()
	if werr := <-done; werr != nil && err == nil {
		err = werr
	}
	if errs.Is(err, errs.Conflict) { // the layer is there already; all was read
		d = sum.Digest()
		size, _, err = s.Size(ctx, d)
	}
	return d, size, err
}
