package registry

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/docker/archive"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// destination prepares the place that e names. finish puts what was written in
// its place, or throws it away; after the first call it does nothing.
func (e End) destination() (ref types.ImageReference, sys *types.SystemContext, finish func(context.Context, bool) error, err error) {
	finish = func(context.Context, bool) error { return nil }
	if sys, err = e.system(e.domain()); err != nil {
		return nil, nil, finish, err
	}
	switch e.Transport {
	case Docker:
		ref, err = e.dockerRef()
	case OCILayout:
		ref, err = layout.ParseReference(e.Rest)
	case Folder:
		if err = os.MkdirAll(e.Rest, 0o755); err == nil {
			ref, err = directory.NewReference(e.Rest)
		}
	case DockerArchive:
		return e.toDockerArchive(sys)
	case OCIArchive:
		return e.toOCIArchive(sys)
	default:
		err = errs.New(errs.Unsupported, "%s: no destination of this copy", e.Place)
	}
	if err != nil && errs.KindOf(err) == errs.Internal {
		err = errs.New(errs.Invalid, "%s: %w", e.Place, err)
	}
	return ref, sys, finish, err
}

// newFile refuses a destination that is there: an archive is not added to.
func newFile(path string) error {
	if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Size() > 0 {
		return errs.New(errs.Conflict, "%s exists already", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (e End) toDockerArchive(sys *types.SystemContext) (types.ImageReference, *types.SystemContext, func(context.Context, bool) error, error) {
	file, name := e.path()
	var tag reference.NamedTagged
	if name != "" {
		tags, err := tagged([]string{name})
		if err != nil {
			return nil, nil, never, err
		}
		if len(tags) == 0 {
			full, err := imageref.Normalize(name)
			if err != nil {
				return nil, nil, never, err
			}
			if tags, err = tagged([]string{full}); err != nil || len(tags) == 0 {
				return nil, nil, never, errs.New(errs.Invalid, "%s: give the name with a tag", e.Place)
			}
		}
		tag = tags[0]
	}
	if err := newFile(file); err != nil {
		return nil, nil, never, err
	}
	part, keep, err := beside(file)
	if err != nil {
		return nil, nil, never, err
	}
	ref, err := archive.NewReference(part, tag)
	return ref, sys, keep, err
}

// toOCIArchive writes a layout in a folder for the time being, and the archive
// from it at the end.
func (e End) toOCIArchive(sys *types.SystemContext) (types.ImageReference, *types.SystemContext, func(context.Context, bool) error, error) {
	file, name := e.path()
	if err := newFile(file); err != nil {
		return nil, nil, never, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".layout-*")
	if err != nil {
		return nil, nil, never, err
	}
	done := false
	finish := func(ctx context.Context, ok bool) error {
		if done {
			return nil
		}
		done = true
		defer os.RemoveAll(dir)
		if !ok {
			return nil
		}
		return packLayout(ctx, dir, file)
	}
	ref, err := layout.NewReference(dir, name)
	if err != nil {
		err = errors.Join(err, finish(context.Background(), false))
	}
	return ref, sys, finish, err
}

// never is the finish of what did not begin.
func never(context.Context, bool) error { return nil }

// beside returns the name of a file that becomes path when it is kept.
func beside(path string) (part string, finish func(context.Context, bool) error, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".copy-*")
	if err != nil {
		return "", never, err
	}
	part = f.Name()
	if err := errors.Join(f.Close(), os.Chmod(part, 0o644)); err != nil {
		return "", never, err
	}
	done := false
	return part, func(_ context.Context, ok bool) error {
		if done {
			return nil
		}
		done = true
		if !ok {
			return os.Remove(part)
		}
		if err := syncFile(part); err != nil {
			return errors.Join(err, os.Remove(part))
		}
		return os.Rename(part, path)
	}, nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
