package registry

import (
	"context"
	"encoding/json"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/image"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Examined is what Examine tells of an image that was not pulled; the fields are
// those of skopeo inspect.
type Examined struct {
	Name          string        `json:",omitempty"`
	Tag           string        `json:",omitempty"`
	Digest        digest.Digest // of the index or manifest that the name means
	RepoTags      []string      `json:",omitempty"`
	Created       *time.Time
	DockerVersion string
	Labels        map[string]string
	Architecture  string
	Variant       string `json:",omitempty"`
	Os            string
	Layers        []string
	LayersData    []types.ImageInspectLayer
	Env           []string
}

// Examine describes the image at e, of an index that of the platform; tags asks a
// registry for the repository's tags too. Nothing but manifest and config is
// fetched. Errors are those of Pull.
func Examine(ctx context.Context, e End, tags bool) (out *Examined, err error) {
	err = e.look(ctx, func(ctx context.Context, src types.ImageSource, top []byte, sys *types.SystemContext) error {
		img, err := image.FromUnparsedImage(ctx, sys, image.UnparsedInstance(src, nil))
		if err != nil {
			return err
		}
		info, err := img.Inspect(ctx)
		if err != nil {
			return err
		}
		out = &Examined{
			Created: info.Created, DockerVersion: info.DockerVersion, Labels: info.Labels, Architecture: info.Architecture,
			Variant: info.Variant, Os: info.Os, Layers: info.Layers, LayersData: info.LayersData, Env: info.Env,
		}
		if out.Digest, err = libmanifest.Digest(top); err != nil {
			return err
		}
		if named := src.Reference().DockerReference(); named != nil {
			out.Name = named.Name()
		}
		if tags && e.Transport == Docker {
			out.RepoTags, err = docker.GetRepositoryTags(ctx, sys, src.Reference())
		}
		return err
	})
	return out, err
}

// RawManifest returns the manifest or index at e as it is there.
func RawManifest(ctx context.Context, e End) (data []byte, err error) {
	err = e.look(ctx, func(_ context.Context, _ types.ImageSource, top []byte, _ *types.SystemContext) error {
		data = top
		return nil
	})
	return data, err
}

// RawConfig returns the config of the image at e, as OCI words it.
func RawConfig(ctx context.Context, e End) (data []byte, err error) {
	err = e.look(ctx, func(ctx context.Context, src types.ImageSource, _ []byte, sys *types.SystemContext) error {
		img, err := image.FromUnparsedImage(ctx, sys, image.UnparsedInstance(src, nil))
		if err != nil {
			return err
		}
		c, err := img.OCIConfig(ctx)
		if err != nil {
			return err
		}
		data, err = json.Marshal(c)
		return err
	})
	return data, err
}

// seer looks at an open source and the manifest or index that its name means.
type seer func(ctx context.Context, src types.ImageSource, top []byte, sys *types.SystemContext) error

// look opens the image at e for see, which must not take long.
func (e End) look(ctx context.Context, see seer) error {
	err := trying(ctx, e.Options, func(ctx context.Context) error {
		ref, sys, release, err := e.source(ctx)
		if err != nil {
			return err
		}
		defer release()
		wait, _, stop := expiring(ctx, 4*e.idle())
		defer stop()
		err = lookAt(wait, ref, sys, see)
		if err != nil && wait.Err() != nil {
			err = context.Cause(wait)
		}
		return cause(ctx, err)
	})
	return e.explained(err, "inspect "+e.String())
}

func lookAt(ctx context.Context, ref types.ImageReference, sys *types.SystemContext, see seer) error {
	src, err := ref.NewImageSource(ctx, sys)
	if err != nil {
		return err
	}
	defer src.Close()
	top, _, err := src.GetManifest(ctx, nil)
	if err != nil {
		return err
	}
	if len(top) > MaxDocument {
		return errs.New(errs.Corrupt, "manifest: larger than %d bytes", MaxDocument)
	}
	return see(ctx, src, top, sys)
}
