package registry

import (
	"context"
	"os"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/signature/sigstore"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Sign adds a signature to the image at e, a registry's, and returns
// the digest that was signed: of an index that of the index, with one for
// each of its images. o says with which key; the blobs are not sent again.
// A sigstore key needs no configuration of registries.d; signatures by a GPG key
// lie where that says. Errors are those of Copy.
func Sign(ctx context.Context, e End, o CopyOptions) (digest.Digest, error) {
	if e.Transport != Docker {
		return "", errs.New(errs.Unsupported, "sign %s: only an image in a registry: to a folder (dir:) copy it with --sign-by-sigstore-private-key", e.Place)
	}
	if o.SignBy != "" {
		d, err := gpgSign(ctx, e, o, "")
		return d, e.explained(err, "sign "+e.String())
	}
	if o.SignKey != "" {
		if err := e.attaching(); err != nil {
			return "", err
		}
	}
	o.All, o.PreserveDigests = true, true
	return Copy(ctx, e, e, o, nil)
}

// Signer says which signature Verify wants.
type Signer struct {
	Key      string // file of a sigstore public key
	GPGKey   string // file of a GPG public key
	Identity string // reference that was signed; empty: that of the image, its tag or repository
}

// Verify asks whether the image at e is signed as by says; without a key,
// whether the machine's signature policy accepts it. It returns the digest that
// was verified. Kind denied: it is not.
func Verify(ctx context.Context, e End, by Signer) (d digest.Digest, err error) {
	if by.Key != "" {
		if err := e.attaching(); err != nil {
			return "", err
		}
	}
	want, err := by.policy()
	if err != nil {
		return "", err
	}
	err = e.look(ctx, func(ctx context.Context, src types.ImageSource, top []byte, sys *types.SystemContext) error {
		p := want
		if p == nil {
			if p, err = policy(sys); err != nil {
				return err
			}
		}
		if p == nil {
			return errs.New(errs.Denied, "nothing says what to accept: give --key, --gpg-key or --policy, or write /etc/containers/policy.json")
		}
		d = digest.FromBytes(top)
		return accepted(ctx, p, src)
	})
	return d, err
}

// accepted fails with kind denied when p does not let the image in src run.
func accepted(ctx context.Context, p *signature.Policy, src types.ImageSource) error {
	pc, err := signature.NewPolicyContext(p)
	if err != nil {
		return errs.New(errs.Denied, "signature policy: %w", err)
	}
	defer pc.Destroy()
	ok, err := pc.IsRunningImageAllowed(ctx, image.UnparsedInstance(src, nil))
	switch {
	case err == nil && !ok:
		return errs.New(errs.Denied, "signature: refused")
	case err == nil, passing(err), kindOf(err) == errs.Unavailable:
		return err
	}
	return errs.New(errs.Denied, "signature: %w", err)
}

// policy is one that wants exactly this; nil without a key.
func (s Signer) policy() (*signature.Policy, error) {
	if s.Key == "" && s.GPGKey == "" {
		return nil, nil
	}
	match := signature.NewPRMMatchRepoDigestOrExact()
	if s.Identity != "" {
		var err error
		if match, err = signature.NewPRMExactReference(s.Identity); err != nil {
			return nil, errs.New(errs.Invalid, "--identity %s: %w", s.Identity, err)
		}
	}
	var want signature.PolicyRequirements
	if s.Key != "" {
		r, err := signature.NewPRSigstoreSigned(signature.PRSigstoreSignedWithKeyPath(s.Key), signature.PRSigstoreSignedWithSignedIdentity(match))
		if err != nil {
			return nil, errs.New(errs.Invalid, "--key %s: %w", s.Key, err)
		}
		want = append(want, r)
	}
	if s.GPGKey != "" {
		r, err := signature.NewPRSignedByKeyPath(signature.SBKeyTypeGPGKeys, s.GPGKey, match)
		if err != nil {
			return nil, errs.New(errs.Invalid, "--gpg-key %s: %w", s.GPGKey, err)
		}
		want = append(want, r)
	}
	for _, f := range []string{s.Key, s.GPGKey} {
		if f == "" {
			continue
		}
		if _, err := os.Stat(f); err != nil {
			return nil, errs.New(errs.Invalid, "the key: %w", err)
		}
	}
	return &signature.Policy{Default: want}, nil
}

// NewKey makes a pair of keys for sigstore's signatures; the private one is
// encrypted with the passphrase.
func NewKey(passphrase []byte) (private, public []byte, err error) {
	k, err := sigstore.GenerateKeyPair(passphrase)
	if err != nil {
		return nil, nil, err
	}
	return k.PrivateKey, k.PublicKey, nil
}
