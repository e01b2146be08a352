package registry

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/docker/config"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Resolve asks the registry for the digest of the index or manifest that ref
// means now, and returns it with the full reference. Errors are those of Pull.
func Resolve(ctx context.Context, ref string, o Options) (full string, d digest.Digest, err error) {
	err = Try(ctx, ref, func(name string) (err error) {
		full, d, err = resolve(ctx, name, o)
		return err
	})
	return full, d, err
}

func resolve(ctx context.Context, full string, o Options) (string, digest.Digest, error) {
	data, err := RawManifest(ctx, End{Place: Place{Docker, full}, Options: o})
	if err != nil {
		return "", "", err
	}
	d := digest.FromBytes(data)
	if p, err := imageref.Split(full); err == nil && p.Digest != "" && p.Digest != d.String() {
		return "", "", errs.New(errs.Corrupt, "%s: the registry sent another manifest, %s", full, d)
	}
	return full, d, nil
}

// Asked is a registry that a pull asks, as Route tells.
type Asked struct {
	Reference string // what it is asked for
	Mirror    bool   // of registries.conf; those are asked first
	Insecure  bool   // without a valid certificate, or by http
	User      string // whose credentials are sent; "" nobody's
}

// Route tells which registries a pull of ref would ask, in turn, by
// registries.conf and the files of credentials. It asks none of them. A blocked
// one gives kind denied. A short name that may be several's is asked for by each, until one
// has it; the blocked ones are left out.
func Route(ref string, o Options) (asked []Asked, err error) {
	names, origin, err := resolveShort(ref)
	if err == nil && len(names) > 1 {
		err = unambiguous(ref, names, origin)
	}
	if err != nil {
		return nil, err
	}
	for _, full := range names {
		of, rerr := route(full, o)
		if rerr != nil && !errs.Is(rerr, errs.Denied) {
			return nil, rerr
		}
		err = errors.Join(err, rerr)
		asked = append(asked, of...)
	}
	if len(asked) == 0 {
		return nil, err
	}
	return asked, nil
}

func route(full string, o Options) (asked []Asked, err error) {
	parts, err := imageref.Split(full)
	if err != nil {
		return nil, err
	}
	sys, err := o.system(parts.Domain)
	if err != nil {
		return nil, err
	}
	named, err := reference.ParseNormalizedNamed(full)
	if err != nil {
		return nil, errs.New(errs.Invalid, "%s: %w", full, err)
	}
	r, err := sysregistriesv2.FindRegistry(sys, named.Name())
	if err != nil {
		return nil, errs.New(errs.Invalid, "registries.conf: %w", err)
	}
	if r == nil {
		r = &sysregistriesv2.Registry{Prefix: reference.Domain(named), Endpoint: sysregistriesv2.Endpoint{Location: reference.Domain(named)}}
	}
	if r.Blocked {
		return nil, errs.New(errs.Denied, "%s: registries.conf blocks %s", full, r.Prefix)
	}
	sources, err := r.PullSourcesFromReference(named)
	if err != nil {
		return nil, errs.New(errs.Invalid, "registries.conf: %w", err)
	}
	for i, s := range sources {
		a := Asked{Reference: s.Reference.String(), Mirror: i < len(sources)-1, Insecure: s.Endpoint.Insecure}
		if says := sys.DockerInsecureSkipTLSVerify; says != types.OptionalBoolUndefined {
			a.Insecure = says == types.OptionalBoolTrue
		}
		if sys.DockerAuthConfig != nil {
			a.User = sys.DockerAuthConfig.Username
		} else if c, err := config.GetCredentialsForRef(sys, s.Reference); err != nil {
			return nil, errs.New(errs.Invalid, "credentials for %s: %w", s.Reference, err)
		} else {
			a.User = c.Username
		}
		asked = append(asked, a)
	}
	return asked, nil
}
