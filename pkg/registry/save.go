package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/archive"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Saving is an image that goes into an archive.
type Saving struct {
	Digest digest.Digest // of its manifest
	Names  []string      // full references with a tag
}

// SaveDocker writes images from st to w in the form of docker save, layers
// uncompressed. w gets a stream: it may be a pipe.
func SaveDocker(ctx context.Context, st Store, images []Saving, w io.Writer, o Options) error {
	sys, err := o.system("")
	if err != nil {
		return err
	}
	r, end, err := os.Pipe()
	if err != nil {
		return err
	}
	defer end.Close()
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(w, r)
		r.Close() // the archive's next write fails
		copied <- err
	}()
	// The library opens the archive by its path.
	err = writeDocker(ctx, st, images, fmt.Sprintf("/proc/self/fd/%d", end.Fd()), sys)
	end.Close()
	if cerr := <-copied; cerr != nil {
		return cerr
	}
	return err
}

func writeDocker(ctx context.Context, st Store, images []Saving, path string, sys *types.SystemContext) (err error) {
	out, err := archive.NewWriter(sys, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for _, img := range images {
		tags, err := tagged(img.Names)
		if err != nil {
			return err
		}
		var first reference.NamedTagged
		each := *sys
		if len(tags) > 0 {
			first, each.DockerArchiveAdditionalTags = tags[0], tags[1:]
		}
		dest, err := out.NewReference(first)
		if err != nil {
			return err
		}
		if err := transfer(ctx, dest, &storeRef{transport: Transport{st}, target: img.Digest}, &each); err != nil {
			return fault(err, "save "+label(img))
		}
	}
	return nil
}

func label(img Saving) string {
	if len(img.Names) > 0 {
		return img.Names[0]
	}
	return img.Digest.String()
}

func tagged(names []string) ([]reference.NamedTagged, error) {
	var out []reference.NamedTagged
	for _, n := range names {
		named, err := reference.ParseNormalizedNamed(n)
		if err != nil {
			return nil, errs.New(errs.Invalid, "%s: %w", n, err)
		}
		if t, ok := named.(reference.NamedTagged); ok {
			out = append(out, t)
		}
	}
	return out, nil
}
