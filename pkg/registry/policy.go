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

// allowed asks the policy about the image that sys chooses from src, and
// returns the digest of its manifest: only that one may be copied. It reads the
// source itself, because signatures of every kind come through no wrapper.
func allowed(ctx context.Context, p *signature.Policy, src types.ImageSource, sys *types.SystemContext) (digest.Digest, error) {
	pc, err := signature.NewPolicyContext(p)
	if err != nil {
		return "", errs.New(errs.Denied, "signature policy: %w", err)
	}
	defer pc.Destroy()
	img := image.UnparsedInstance(src, nil)
	data, mime, err := img.Manifest(ctx)
	if err != nil {
		return "", err
	}
	if libmanifest.MIMETypeIsMultiImage(mime) {
		list, err := libmanifest.ListFromBlob(data, mime)
		if err != nil {
			return "", err
		}
		chosen, err := list.ChooseInstance(sys)
		if err != nil {
			return "", err
		}
		img = image.UnparsedInstance(src, &chosen)
		if data, _, err = img.Manifest(ctx); err != nil {
			return "", err
		}
	}
	if ok, err := pc.IsRunningImageAllowed(ctx, img); err != nil || !ok {
		return "", errs.New(errs.Denied, "signature policy: %w", err)
	}
	return libmanifest.Digest(data)
}

// acceptAll is the policy of a copy whose source was asked about before.
func acceptAll() (*signature.PolicyContext, error) {
	return signature.NewPolicyContext(&signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}})
}
