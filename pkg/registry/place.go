package registry

import (
	"context"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// The transports of a Place: containers-transports(5).
const (
	Containerd    = "containerd"     // containerd:NAME, and a NAME without a transport
	Docker        = "docker"         // docker://NAME
	DockerArchive = "docker-archive" // docker-archive:FILE[:NAME]
	OCIArchive    = "oci-archive"    // oci-archive:FILE[:NAME]
	OCILayout     = "oci"            // oci:FOLDER[:NAME]
	Folder        = "dir"            // dir:FOLDER
)

// Place is where an image is, or shall be.
type Place struct {
	Transport string
	Rest      string // what follows the transport and its colon, without docker's //
}

// String is the place as it is written.
func (p Place) String() string {
	if p.Transport == Docker {
		return p.Transport + "://" + p.Rest
	}
	return p.Transport + ":" + p.Rest
}

// ParsePlace reads TRANSPORT:REST; a word without a transport names an image of
// containerd. Errors are of kind invalid.
func ParsePlace(s string) (Place, error) {
	transport, rest, ok := strings.Cut(s, ":")
	if ok && slices.Contains([]string{Containerd, Docker, DockerArchive, OCIArchive, OCILayout, Folder}, transport) {
		p := Place{transport, rest}
		if transport == Docker {
			if p.Rest, ok = strings.CutPrefix(rest, "//"); !ok {
				return Place{}, errs.New(errs.Invalid, "%s: write it as docker://NAME", s)
			}
		}
		if p.Rest == "" {
			return Place{}, errs.New(errs.Invalid, "%s: nothing follows the transport", s)
		}
		return p, nil
	}
	if ok && strings.Contains(rest, "//") || ok && strings.HasPrefix(rest, "/") {
		return Place{}, errs.New(errs.Unsupported, "%s: no transport %q: docker://, docker-archive:, oci-archive:, oci:, dir: or containerd:", s, transport)
	}
	if _, err := imageref.Normalize(s); err != nil && imageref.IDPrefix(s) == "" {
		return Place{}, err
	}
	return Place{Containerd, s}, nil
}

// path splits FILE[:NAME].
func (p Place) path() (file, name string) {
	file, name, _ = strings.Cut(p.Rest, ":")
	return file, name
}

// domain is the registry's, for what depends on it; empty without a registry.
func (p Place) domain() string {
	if p.Transport != Docker {
		return ""
	}
	parts, err := imageref.Split(p.Rest)
	if err != nil {
		return ""
	}
	return parts.Domain
}

// End is a Place with what it needs to be reached: for containerd's the store and
// the digest of the image there.
type End struct {
	Place
	Options
	Store  Store
	Digest digest.Digest // of the manifest; of a source
}

// dockerRef is the library's reference of docker://NAME.
func (p Place) dockerRef() (types.ImageReference, error) {
	full, err := imageref.Normalize(p.Rest)
	if err != nil {
		return nil, err
	}
	ref, err := docker.ParseReference("//" + full)
	if err != nil {
		return nil, errs.New(errs.Invalid, "%s: %w", p, err)
	}
	return ref, nil
}

// explained is Options.explained of what e names.
func (e End) explained(err error, doing string) error {
	full, perr := imageref.Normalize(e.Rest)
	if perr != nil || e.Transport != Docker {
		return fault(err, doing)
	}
	return e.Options.explained(err, doing, full)
}

// source opens what e names. release gives back what that holds.
func (e End) source(ctx context.Context) (ref types.ImageReference, sys *types.SystemContext, release func(), err error) {
	release = func() {}
	if sys, err = e.system(e.domain()); err != nil {
		return nil, nil, release, err
	}
	switch e.Transport {
	case Containerd:
		ref = &storeRef{transport: Transport{e.Store}, target: e.Digest}
	case Docker:
		ref, err = e.dockerRef()
	case OCILayout:
		ref, err = layout.ParseReference(e.Rest)
	case Folder:
		ref, err = directory.NewReference(e.Rest)
	default:
		ref, release, err = e.fromArchive(ctx)
	}
	if err != nil && errs.KindOf(err) == errs.Internal {
		err = errs.New(errs.Invalid, "%s: %w", e.Place, err)
	}
	return ref, sys, release, err
}

// fromArchive finds the image that e names in its archive; without a name that
// must hold one.
func (e End) fromArchive(ctx context.Context) (types.ImageReference, func(), error) {
	none := func() {}
	file, name := e.path()
	a, err := OpenArchive(ctx, file, e.Options)
	if err != nil {
		return nil, none, err
	}
	release := func() { a.Close() }
	i, err := a.find(name)
	if err != nil {
		release()
		return nil, none, err
	}
	return a.Images[i].src, release, nil
}

// find returns the number of the image of that name; of the only one without.
func (a *Archive) find(name string) (int, error) {
	if name == "" {
		if len(a.Images) != 1 {
			return 0, errs.New(errs.Invalid, "the archive holds %d images: say which, as FILE:NAME", len(a.Images))
		}
		return 0, nil
	}
	full, err := imageref.Normalize(name)
	if err != nil {
		return 0, err
	}
	for i, img := range a.Images {
		if slices.Contains(img.Names, full) {
			return i, nil
		}
	}
	return 0, errs.New(errs.NotFound, "no image %s in the archive", name)
}
