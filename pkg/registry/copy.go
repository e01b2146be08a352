package registry

import (
	"context"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/docker/reference"
	libmanifest "go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/pkg/compression"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// CopyOptions say how an image changes on its way.
type CopyOptions struct {
	All              bool   // every platform of an index
	PreserveDigests  bool   // fail rather than change a manifest
	Format           string // of the manifest: oci or v2s2; empty: as it is, or what the destination can
	Compress         string // of layers that are not compressed, or with ForceCompress of all: gzip, zstd; empty: the destination's way
	ForceCompress    bool
	RemoveSignatures bool
	SignBy           string // fingerprint of a GPG key
	SignKey          string // file of a sigstore private key
	SignPassphrase   []byte
	SignIdentity     string // reference that is signed; empty: the destination's
	Jobs             uint   // blobs at once; 0: the library's number
}

// Copy copies an image from src to dst, neither of which is copied into a store
// (see Into), and returns the digest of the manifest or index that dst now has.
// Errors: those of Pull; denied also for a destination that refuses. What was
// copied already is copied again only where the destination cannot tell.
func Copy(ctx context.Context, dst, src End, o CopyOptions, tell func(Event)) (digest.Digest, error) {
	opts, err := o.library()
	if err != nil {
		return "", err
	}
	if err := o.signable(ctx, dst); err != nil {
		return "", err
	}
	to := dst
	if o.SignKey != "" {
		if err := to.attaching(); err != nil {
			return "", err
		}
	}
	var d digest.Digest
	err = trying(ctx, src.Options, func(ctx context.Context) error {
		d, err = once(ctx, to, src, *opts, tell)
		return err
	})
	if err == nil && o.SignBy != "" {
		_, err = gpgSign(ctx, dst, o, d)
	}
	return d, explainedCopy(err, dst, src)
}

// explainedCopy is Options.explained of the registry that did not do its part.
func explainedCopy(err error, dst, src End) error {
	doing := "copy " + src.String() + " to " + dst.String()
	if err == nil || dst.Transport != Docker || src.Transport == Docker && !ofDestination(err) {
		return src.explained(err, doing)
	}
	full, perr := imageref.Normalize(dst.Rest)
	if perr != nil {
		return fault(err, doing)
	}
	return dst.Options.explainedAlone(err, doing, full)
}

// ofDestination knows the library's words of what it does at the destination; errors of
// the source have no type of their own.
func ofDestination(err error) bool {
	s := err.Error()
	if strings.Contains(s, "reading blob") {
		return false
	}
	for _, w := range []string{"at destination", "initializing destination", "writing blob", "writing manifest", "Uploading manifest", "writing signatures"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// signable tells before the copy what would keep it from being signed.
func (o CopyOptions) signable(ctx context.Context, dst End) error {
	if o.SignBy == "" {
		return nil
	}
	if dst.Transport != Docker {
		return errs.New(errs.Unsupported, "--sign-by: %s: a GPG signature is only made for an image in a registry: give a sigstore key", dst.Place)
	}
	_, err := newGPG(ctx, nil)
	return err
}

// Into copies the image that src names into st, as Pull does.
func Into(ctx context.Context, st Store, src End, w Watcher) (*Image, error) {
	var img *Image
	err := trying(ctx, src.Options, func(ctx context.Context) error {
		ref, sys, release, err := src.source(ctx)
		if err != nil {
			return err
		}
		defer release()
		img, err = into(ctx, st, ref, sys, src.Options, w)
		return err
	})
	return img, src.explained(err, "copy "+src.String())
}

// trying calls do again after failures that may pass, as o says, and not before the
// registry wants to be asked.
func trying(ctx context.Context, o Options, do func(context.Context) error) error {
	for try := 0; ; try++ {
		var p patience
		err := do(p.listening(ctx))
		if err == nil || try >= o.Retry || !again(err) || !pause(ctx, try, o.RetryDelay, p.rest()) {
			return err
		}
	}
}

func once(ctx context.Context, dst, src End, opts copy.Options, tell func(Event)) (digest.Digest, error) {
	from, sys, release, err := src.source(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	to, dsys, finish, err := dst.destination()
	if err != nil {
		return "", err
	}
	defer finish(ctx, false) //nolint:errcheck // the first error is told
	pc, err := policyContext(sys)
	if err != nil {
		return "", err
	}
	defer pc.Destroy()
	compressing(dsys, opts)
	ctx, tell, rest := vigil(ctx, src.idle(), tell)
	defer rest()
	events, end := relay(tell)
	defer end()
	opts.SourceCtx, opts.DestinationCtx = sys, dsys
	opts.Progress, opts.ProgressInterval = events, 100*time.Millisecond
	data, err := copy.Image(ctx, pc, to, from, &opts)
	if err != nil {
		return "", cause(ctx, err)
	}
	if err := finish(ctx, true); err != nil {
		return "", err
	}
	return libmanifest.Digest(data)
}

// policyContext is the machine's signature policy, or one that accepts all.
func policyContext(sys *types.SystemContext) (*signature.PolicyContext, error) {
	p, err := policy(sys)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return acceptAll()
	}
	pc, err := signature.NewPolicyContext(p)
	if err != nil {
		return nil, errs.New(errs.Denied, "signature policy: %w", err)
	}
	return pc, nil
}

// library puts the options into the library's words.
func (o CopyOptions) library() (*copy.Options, error) {
	out := &copy.Options{
		RemoveSignatures: o.RemoveSignatures, PreserveDigests: o.PreserveDigests, MaxParallelDownloads: o.Jobs,
		SignBySigstorePrivateKeyFile: o.SignKey, SignSigstorePrivateKeyPassphrase: o.SignPassphrase,
		ForceCompressionFormat: o.ForceCompress,
	}
	if o.All {
		out.ImageListSelection = copy.CopyAllImages
	}
	switch o.Format {
	case "":
	case "oci":
		out.ForceManifestMIMEType = ocispec.MediaTypeImageManifest
	case "v2s2":
		out.ForceManifestMIMEType = libmanifest.DockerV2Schema2MediaType
	default:
		return nil, errs.New(errs.Invalid, "--format %s: oci or v2s2", o.Format)
	}
	if o.SignIdentity != "" {
		named, err := reference.ParseNormalizedNamed(o.SignIdentity)
		if err != nil {
			return nil, errs.New(errs.Invalid, "--sign-identity %s: %w", o.SignIdentity, err)
		}
		out.SignIdentity = named
	}
	if o.Compress != "" {
		if _, err := compression.AlgorithmByName(o.Compress); err != nil {
			return nil, errs.New(errs.Invalid, "--compress %s: gzip or zstd", o.Compress)
		}
		out.DestinationCtx = &types.SystemContext{}
		alg, _ := compression.AlgorithmByName(o.Compress) // it is known, as just seen
		out.DestinationCtx.CompressionFormat = &alg
	}
	return out, nil
}

// compressing moves the wish for a compression to the destination's settings.
func compressing(dsys *types.SystemContext, opts copy.Options) {
	if opts.DestinationCtx != nil {
		dsys.CompressionFormat = opts.DestinationCtx.CompressionFormat
		dsys.DirForceCompress = dsys.CompressionFormat != nil // a folder else keeps layers as they come
	}
}
