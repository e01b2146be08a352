package registry

import (
	"context"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// gpgSign adds signatures by the GPG key o.SignBy to the image at e, a registry's, and
// returns the digest that was signed: of an index, also each of its images that is
// there. They lie where registries.d(5) says (lookaside-staging), beside those that are
// there already; the form is containers-signature(5). want is the digest that the image
// must have; empty: any.
func gpgSign(ctx context.Context, e End, o CopyOptions, want digest.Digest) (digest.Digest, error) {
	mech, err := newGPG(ctx, o.SignPassphrase)
	if err != nil {
		return "", err
	}
	ref, sys, _, err := e.destination()
	if err != nil {
		return "", err
	}
	raw, release, err := open(ctx, ref, sys, e.idle())
	if err != nil {
		return "", cause(ctx, err)
	}
	defer release()
	defer raw.Close()
	dst, err := ref.NewImageDestination(ctx, sys)
	if err != nil {
		return "", err
	}
	defer dst.Close()
	top, err := (&source{raw, e.Options}).document(ctx, nil)
	if err != nil {
		return "", err
	}
	if want != "" && top.digest != want {
		return "", errs.New(errs.Conflict, "%s: somebody else has put another image there: sign it by its digest, %s", e.Place, want)
	}
	name := o.SignIdentity
	if name == "" {
		name = ref.DockerReference().String()
	}
	s := gpgSigning{&source{raw, e.Options}, dst, mech, name, o.SignBy}
	return top.digest, s.all(ctx, top)
}

type gpgSigning struct {
	src      *source
	dst      types.ImageDestination
	mech     signature.SigningMechanism
	name, by string
}

// all signs an image, or an index and what it has.
func (s gpgSigning) all(ctx context.Context, top *document) error {
	for _, entry := range top.entries {
		doc, err := s.src.document(ctx, &entry.Digest)
		if err != nil && kindOf(err) == errs.NotFound {
			continue // not all platforms were copied
		}
		if err == nil {
			err = s.one(ctx, doc)
		}
		if err != nil {
			return err
		}
	}
	return s.one(ctx, top)
}

func (s gpgSigning) one(ctx context.Context, doc *document) error {
	there, err := s.src.GetSignatures(ctx, &doc.digest)
	if err != nil {
		return err
	}
	made, err := signature.SignDockerManifest(doc.data, s.name, s.mech, s.by)
	if err != nil {
		return err
	}
	return s.dst.PutSignatures(ctx, append(there, made), &doc.digest)
}
