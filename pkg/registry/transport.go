package registry

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/types"
)

// Transport makes a Store one of the places that the library copies between:
// "containerd:DIGEST" is the image whose manifest has that digest.
type Transport struct{ Store Store }

// Name implements types.ImageTransport.
func (t Transport) Name() string { return "containerd" }

// ParseReference returns the image with the manifest digest s.
func (t Transport) ParseReference(s string) (types.ImageReference, error) {
	d, err := digest.Parse(s)
	if err != nil {
		return nil, err
	}
	return &storeRef{transport: t, target: d}, nil
}

// ValidatePolicyConfigurationScope implements types.ImageTransport: a policy
// cannot tell images of the store apart.
func (t Transport) ValidatePolicyConfigurationScope(string) error {
	return errors.New(`containerd: accepts no scope but the default ""`)
}

// storeRef is an image in the store.
type storeRef struct {
	transport Transport
	target    digest.Digest
}

// Transport implements types.ImageReference.
func (r *storeRef) Transport() types.ImageTransport { return r.transport }

// StringWithinTransport implements types.ImageReference.
func (r *storeRef) StringWithinTransport() string { return r.target.String() }

// DockerReference implements types.ImageReference.
func (r *storeRef) DockerReference() reference.Named { return nil }

// PolicyConfigurationIdentity implements types.ImageReference.
func (r *storeRef) PolicyConfigurationIdentity() string { return "" }

// PolicyConfigurationNamespaces implements types.ImageReference.
func (r *storeRef) PolicyConfigurationNamespaces() []string { return nil }

// NewImage implements types.ImageReference.
func (r *storeRef) NewImage(ctx context.Context, sys *types.SystemContext) (types.ImageCloser, error) {
	src, err := r.NewImageSource(ctx, sys)
	if err != nil {
		return nil, err
	}
	return image.FromSource(ctx, sys, src)
}

// NewImageSource implements types.ImageReference.
func (r *storeRef) NewImageSource(context.Context, *types.SystemContext) (types.ImageSource, error) {
	return &storeSource{ref: r}, nil
}

// NewImageDestination implements types.ImageReference: what comes into the store
// comes by into, which the library's copying cannot do in parts.
func (r *storeRef) NewImageDestination(context.Context, *types.SystemContext) (types.ImageDestination, error) {
	return nil, errors.New("containerd: no destination of this copy")
}

// DeleteImage implements types.ImageReference: what no record names is
// collected.
func (r *storeRef) DeleteImage(context.Context, *types.SystemContext) error {
	return errors.New("containerd: images are removed by their records")
}
