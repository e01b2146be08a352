package registry

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/image"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"
	"go.podman.io/storage/pkg/configfile"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// policy reads the machine's signature policy. A machine without one (nil)
// accepts every image, as docker does; a broken one accepts none.
func policy(sys *types.SystemContext) (*signature.Policy, error) {
	p, err := signature.DefaultPolicy(sys)
	if errors.Is(err, configfile.ErrConfigFileNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, errs.New(errs.Denied, "signature policy: %w", err)
	}
	return p, nil
}

// allowed asks the policy, which may be nil, about the image of src whose manifest
// has the digest d. It reads the source itself, because signatures of every kind
// come through no wrapper.
func allowed(ctx context.Context, p *signature.Policy, src types.ImageSource, d digest.Digest) error {
	if p == nil {
		return nil
	}
	pc, err := signature.NewPolicyContext(p)
	if err != nil {
		return errs.New(errs.Denied, "signature policy: %w", err)
	}
	defer pc.Destroy()
	img := image.UnparsedInstance(src, nil)
	data, _, err := img.Manifest(ctx)
	if err != nil {
		return err
	}
	if ok, err := libmanifest.MatchesDigest(data, d); err != nil || !ok { // it is one of an index
		img = image.UnparsedInstance(src, &d)
	}
	if ok, err := pc.IsRunningImageAllowed(ctx, img); err != nil || !ok {
		return errs.New(errs.Denied, "signature policy: %w", err)
	}
	return nil
}

// acceptAll is the policy of a copy whose source was asked about before.
func acceptAll() (*signature.PolicyContext, error) {
	return signature.NewPolicyContext(&signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}})
}
