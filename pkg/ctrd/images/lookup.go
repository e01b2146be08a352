// Package images finds an image in containerd and says what is needed to run
// it. It reads only.
package images

import (
	"context"
	"sort"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/manifest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Snapshotter is the one that Pouch unpacks images into.
const Snapshotter = "overlayfs"

// Resolved is an image that can run.
type Resolved struct {
	Ref          string        // full reference: docker.io/library/busybox:latest
	Digest       digest.Digest // of the platform's manifest
	ConfigDigest digest.Digest // docker's image id
	ChainID      digest.Digest // of the unpacked layers, the parent snapshot; "" without a layer
	Config       ocispec.Image
	Health       *record.Health // of docker's config; nil: none
	Snapshotter  string
}

// Timeout bounds a lookup.
const Timeout = 10 * time.Second

// Lookup finds the image that ref names, by reference (normalized as docker
// does) or by at least four hex digits of its id, in namespace and store of c. No
// such image gives kind not_found, an id's beginning of several images or words
// that are no reference kind invalid, broken content kind corrupt, an engine
// that does not answer kind unavailable. Every read is bounded. It does not
// ask whether the snapshot exists: an image's record is made after it.
func Lookup(ctx context.Context, c Content, ref string) (*Resolved, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	return lookup{ctx, c, manifest.Platform{}}.find(ref)
}

// LookupFor is Lookup of an image for platform p: one that is there for others
// alone gives kind not_found, too.
func LookupFor(ctx context.Context, c Content, ref string, p manifest.Platform) (*Resolved, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	r, err := lookup{ctx, c, p}.find(ref)
	if err == nil && !p.Is(r.Config.Platform) {
		has := manifest.Platform{Arch: r.Config.Architecture, Variant: r.Config.Variant}
		return nil, errs.New(errs.NotFound, "no such image: %s for %s: the one that is here is for %s", ref, p, has)
	}
	return r, err
}

func (l lookup) find(ref string) (*Resolved, error) {
	full, ferr := imageref.Normalize(ref)
	if ferr == nil {
		r, err := l.byName(full)
		if !errs.Is(err, errs.NotFound) {
			return r, err
		}
	}
	if hex := imageref.IDPrefix(ref); hex != "" {
		return l.byID(ref, hex)
	}
	if ferr != nil {
		return nil, ferr
	}
	return nil, missing(ref)
}

func missing(ref string) error {
	return errs.New(errs.NotFound, "no such image: %s", ref)
}

type lookup struct {
	ctx      context.Context
	content  Content
	platform manifest.Platform
}

// call calls a method of the images service.
func (l lookup) call(method string, req, res any) error {
	return l.content.Conn.Call(l.ctx, "/containerd.services.images.v1.Images/"+method, inNamespace(l.content.Namespace), req, res)
}

// image is containerd.services.images.v1.Image.
type image struct {
	Name   string `pb:"1"`
	Target *struct {
		Digest string `pb:"2"`
	} `pb:"3"`
}

func (l lookup) byName(full string) (*Resolved, error) {
	req := struct {
		Name string `pb:"1"`
	}{full}
	var resp struct {
		Image image `pb:"1"`
	}
	if err := l.call("Get", req, &resp); err != nil {
		return nil, of(l.content.Conn, err, "image "+full)
	}
	r, err := l.resolve(resp.Image)
	if errs.Is(err, errs.NotFound) { // the record is there, the content is not
		return nil, errs.New(errs.Corrupt, "image %s is incomplete: pull it again: %w", full, err)
	}
	return r, err
}

// byID goes through every image: the digests of configs are in no index. An
// image that cannot be read has no id and is passed over.
func (l lookup) byID(ref, hex string) (*Resolved, error) {
	var resp struct {
		Images []image `pb:"1"`
	}
	if err := l.call("List", wire.Empty{}, &resp); err != nil {
		return nil, of(l.content.Conn, err, "list images")
	}
	sort.Slice(resp.Images, func(i, j int) bool { return resp.Images[i].Name < resp.Images[j].Name })
	var found *Resolved
	for _, img := range resp.Images {
		r, err := l.resolve(img)
		if err != nil {
			if errs.Is(err, errs.Unavailable) {
				return nil, err
			}
			continue
		}
		if !strings.HasPrefix(r.ConfigDigest.Encoded(), hex) {
			continue
		}
		if found != nil && found.ConfigDigest != r.ConfigDigest {
			return nil, errs.New(errs.Invalid, "%q is the beginning of more than one image's id", ref)
		}
		if found == nil {
			found = r
		}
	}
	if found == nil {
		return nil, missing(ref)
	}
	return found, nil
}

func (l lookup) resolve(img image) (*Resolved, error) {
	if img.Target == nil {
		return nil, errs.New(errs.Corrupt, "image %s has no target", img.Name)
	}
	d, m, err := l.content.find(l.ctx, digest.Digest(img.Target.Digest), l.platform, manifest.MaxDepth)
	if err != nil {
		return nil, err
	}
	r := &Resolved{Ref: img.Name, Digest: d, ConfigDigest: m.Config.Digest, Snapshotter: Snapshotter}
	data, err := l.content.Blob(l.ctx, m.Config.Digest)
	if err != nil {
		return nil, err
	}
	c, err := manifest.Config(m, data)
	if err != nil {
		return nil, err
	}
	r.Config, r.Health = *c, manifest.Health(data)
	r.ChainID = identity.ChainID(r.Config.RootFS.DiffIDs)
	return r, nil
}
