package registry

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"
	"golang.org/x/sync/errgroup"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

const (
	layersAtOnce  = 6 // requests to one registry at a time
	progressEvery = 100 * time.Millisecond

	fastLine         = 200 << 20 // bytes a second
	longestHeadStart = 50 * time.Millisecond
)

// into copies src, which the policy must allow, into the store: byte for byte,
// the layers last, the manifests after them.
func into(ctx context.Context, st Store, src types.ImageReference, sys *types.SystemContext, o Options, w Watcher) (*Image, error) {
	p, err := policy(sys)
	if err != nil {
		return nil, err
	}
	raw, release, err := open(ctx, src, sys, o.idle())
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer release()
	defer raw.Close()
	f := fetching{store: st, from: &source{raw, o}, sys: sys, watch: w}
	f.allow = func(d digest.Digest) error { return allowed(ctx, p, raw, d) }
	img, err := f.run(ctx, o.All)
	return img, cause(ctx, err)
}

// fetching copies one image.
type fetching struct {
	store Store
	from  *source
	sys   *types.SystemContext
	watch Watcher
	allow func(digest.Digest) error // asks the signature policy
}

func (f fetching) run(ctx context.Context, all bool) (*Image, error) {
	top, err := f.from.document(ctx, nil)
	if err != nil {
		return nil, err
	}
	if top.manifest != nil {
		return f.image(ctx, top, true)
	}
	chosen, err := f.choose(top, all)
	if err != nil {
		return nil, err
	}
	img, err := f.instance(ctx, chosen, true)
	if err != nil {
		return nil, err
	}
	if all {
		if err := f.others(ctx, top, chosen); err != nil {
			return nil, err
		}
	}
	if err := f.store.PutManifest(ctx, top.digest, top.data, chosen); err != nil {
		return nil, err
	}
	img.Target = top.descriptor()
	return img, nil
}

// choose returns the manifest of an index that fits the platform; when all are
// wanted, and none fits, the first that is an image.
func (f fetching) choose(top *document, all bool) (digest.Digest, error) {
	list, err := libmanifest.ListFromBlob(top.data, top.mime)
	if err != nil {
		return "", errs.New(errs.Corrupt, "index %s: %w", top.digest, err)
	}
	d, err := list.ChooseInstance(f.sys)
	if err == nil || !all {
		return d, err
	}
	for _, e := range top.entries {
		if isImage(e) {
			return e.Digest, nil
		}
	}
	return "", err
}

// isImage reports whether an entry of an index is an image; others are
// attestations about one.
func isImage(e ocispec.Descriptor) bool {
	return e.Platform == nil || e.Platform.OS != "unknown" && e.Platform.OS != ""
}

// others copies all images of an index but the chosen one.
func (f fetching) others(ctx context.Context, top *document, chosen digest.Digest) error {
	seen := map[digest.Digest]bool{chosen: true}
	for _, e := range top.entries {
		if seen[e.Digest] || !isImage(e) {
			continue
		}
		seen[e.Digest] = true
		if _, err := f.instance(ctx, e.Digest, false); err != nil {
			return err
		}
		if err := f.store.PutManifest(ctx, top.digest, top.data, e.Digest); err != nil {
			return err
		}
	}
	return nil
}

func (f fetching) instance(ctx context.Context, d digest.Digest, tell bool) (*Image, error) {
	doc, err := f.from.document(ctx, &d)
	if err != nil {
		return nil, err
	}
	if doc.manifest == nil {
		return nil, errs.New(errs.Unsupported, "manifest %s: an index in an index", d)
	}
	return f.image(ctx, doc, tell)
}

// image copies the image that a manifest describes; tell: the watcher hears of it.
func (f fetching) image(ctx context.Context, doc *document, tell bool) (*Image, error) {
	m := doc.manifest
	if err := f.allow(doc.digest); err != nil {
		return nil, err
	}
	config, err := f.config(ctx, m)
	if err != nil {
		return nil, err
	}
	if tell && f.watch.Image != nil {
		f.watch.Image(m, config)
	}
	if err := f.layers(ctx, m.Layers); err != nil {
		return nil, err
	}
	if err := f.store.PutManifest(ctx, doc.digest, doc.data, ""); err != nil {
		return nil, err
	}
	return &Image{Target: doc.descriptor(), Digest: doc.digest, Manifest: *m, Config: config}, nil
}

func (f fetching) config(ctx context.Context, m *ocispec.Manifest) ([]byte, error) {
	config, err := f.from.config(ctx, m.Config)
	if err != nil {
		return nil, err
	}
	if _, err := manifest.Config(m, config); err != nil {
		return nil, err
	}
	_, _, err = f.store.Put(ctx, m.Config.Digest, int64(len(config)), bytes.NewReader(config))
	f.tell(Event{Digest: m.Config.Digest, Size: m.Config.Size, Offset: m.Config.Size, Config: true, Done: true})
	return config, err
}

func (f fetching) layers(ctx context.Context, layers []ocispec.Descriptor) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(1)
	if f.from.HasThreadSafeGetBlob() {
		g.SetLimit(layersAtOnce)
	}
	seen := map[digest.Digest]bool{}
	for _, l := range layers {
		if !seen[l.Digest] {
			seen[l.Digest] = true
			done := make(chan struct{})
			g.Go(func() error {
				defer close(done)
				return f.layer(ctx, l)
			})
			headStart(l.Size, done)
		}
	}
	return g.Wait()
}

// headStart waits before the next layer is asked for: until this one is there, but
// no longer than a fast line takes for it. So layers that come fast come one after the
// other, and the first is unpacked while the second comes; a slow line brings them
// beside each other.
func headStart(size int64, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(min(time.Duration(float64(size)/fastLine*float64(time.Second)), longestHeadStart)):
	}
}

func (f fetching) layer(ctx context.Context, l ocispec.Descriptor) error {
	size, had, err := f.store.Size(ctx, l.Digest)
	if err != nil {
		return err
	}
	if had && size != l.Size {
		return errs.New(errs.Corrupt, "blob %s: it has %d bytes, the manifest says %d", l.Digest, size, l.Size)
	}
	if !had {
		err = f.store.Fetch(ctx, l.Digest, l.Size, func(ctx context.Context, offset int64) (io.ReadCloser, error) {
			r, err := f.from.blob(ctx, blobInfo(l), offset)
			if err != nil {
				return nil, err
			}
			c := &counted{ReadCloser: r, e: Event{Digest: l.Digest, Size: l.Size, Offset: offset}, tell: f.tell}
			f.tell(c.e)
			return c, nil
		})
		if err != nil {
			return err
		}
	}
	if f.watch.Blob != nil {
		f.watch.Blob(l.Digest)
	}
	f.tell(Event{Digest: l.Digest, Size: l.Size, Offset: l.Size, Done: true, Had: had})
	return nil
}

func (f fetching) tell(e Event) {
	if f.watch.Progress != nil {
		f.watch.Progress(e)
	}
}

// counted tells now and then how far a blob was read.
type counted struct {
	io.ReadCloser
	e    Event
	told time.Time
	tell func(Event)
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.e.Offset += int64(n)
	if now := time.Now(); now.Sub(c.told) >= progressEvery {
		c.told = now
		c.tell(c.e)
	}
	return n, err
}
