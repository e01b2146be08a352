package registry

import (
	"strings"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// FullName is imageref.Normalize, but a name without a registry that has an alias is the
// alias's: containers-registries.conf(5), "Short-name aliasing". So registries.conf, its
// registries.conf.d (shortnames.conf, for one) and what podman has kept of its own count.
// Without an alias such a name is docker.io's; nobody is asked which is meant. Kind
// invalid: no reference, or a file that cannot be read.
func FullName(ref string) (string, error) {
	full, err := imageref.Normalize(ref)
	if err != nil {
		return "", err
	}
	named, err := reference.Parse(ref)
	if err != nil { // of a word like sha256:… above would have complained
		return full, nil
	}
	short, ok := named.(reference.Named)
	if !ok || hasRegistry(short) {
		return full, nil
	}
	to, _, err := sysregistriesv2.ResolveShortNameAlias(&types.SystemContext{}, reference.TrimNamed(short).Name())
	if err != nil {
		return "", errs.New(errs.Invalid, "registries.conf: alias of %s: %w", ref, err)
	}
	if to == nil {
		return full, nil
	}
	p, err := imageref.Split(full)
	if err != nil {
		return "", err
	}
	if p.Digest != "" {
		return imageref.Normalize(to.Name() + "@" + p.Digest)
	}
	return imageref.Normalize(to.Name() + ":" + p.Tag)
}

// hasRegistry reports whether the first part of a name is a registry, as docker tells
// them apart.
func hasRegistry(named reference.Named) bool {
	first, _, more := strings.Cut(named.Name(), "/")
	return more && (first == "localhost" || strings.ContainsAny(first, ".:") || strings.ToLower(first) != first)
}
