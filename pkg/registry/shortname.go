package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// FullNames are imageref.Normalize, but a name without a registry means what
// containers-registries.conf(5) makes of it, "Short-name resolution": its alias, or
// that name in each of unqualified-search-registries, in their order. So registries.conf,
// its registries.conf.d (shortnames.conf, for one) and what podman has kept of its own
// count. Where they say nothing, such a name is docker.io's. Kind invalid: no reference, or a
// file that cannot be read.
func FullNames(ref string) ([]string, error) {
	names, _, err := resolveShort(ref)
	return names, err
}

// Try calls ask with each of FullNames, in turn, until one has not failed: one that a
// registry has not, does not give or cannot give now lets the next be tried, as podman
// does. With short-name-mode="enforcing" a name that may be several's gives kind invalid:
// nobody is asked which is meant, on a terminal neither. The error of several is all of theirs.
func Try(ctx context.Context, ref string, ask func(full string) error) error {
	names, origin, err := resolveShort(ref)
	if err != nil {
		return err
	}
	if len(names) > 1 {
		if err := unambiguous(ref, names, origin); err != nil {
			return err
		}
	}
	var failed []error
	for _, full := range names {
		err := ask(full)
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed = append(failed, err)
		if !elsewhere(err) {
			break
		}
	}
	if len(failed) == 1 {
		return failed[0]
	}
	return ofAll(ref, origin, failed)
}

// elsewhere reports whether another registry may do what one did not.
func elsewhere(err error) bool {
	return slices.Contains([]errs.Kind{errs.NotFound, errs.Denied, errs.Unavailable}, errs.KindOf(err))
}

// ofAll is one error of what several registries said: what may work later counts first.
func ofAll(ref, origin string, failed []error) error {
	kind, text := errs.KindOf(failed[len(failed)-1]), make([]string, len(failed))
	for i, err := range failed {
		text[i] = err.Error()
		switch k := errs.KindOf(err); {
		case k == errs.Unavailable, k == errs.Denied && kind == errs.NotFound:
			kind = k
		}
	}
	return errs.New(kind, "%s: %d of unqualified-search-registries (%s) were asked: %s", ref, len(failed), origin, strings.Join(text, "; "))
}

func unambiguous(ref string, names []string, origin string) error {
	mode, err := sysregistriesv2.GetShortNameMode(&types.SystemContext{})
	if err != nil {
		return errs.New(errs.Invalid, "registries.conf: %w", err)
	}
	if mode != types.ShortNameModeEnforcing {
		return nil
	}
	return errs.New(errs.Invalid, "%s may be %s (unqualified-search-registries, %s), and short-name-mode is enforcing: write the full name, or give it an alias in registries.conf",
		ref, strings.Join(names, " or "), origin)
}

// resolveShort is FullNames, with the file that names the registries when there are several.
func resolveShort(ref string) (names []string, origin string, err error) {
	full, err := imageref.Normalize(ref)
	if err != nil {
		return nil, "", err
	}
	named, err := reference.Parse(ref)
	if err != nil {
		return []string{full}, "", nil //nolint:nilerr // of a word like sha256:…: Normalize complained about the others
	}
	short, ok := named.(reference.Named)
	if !ok || hasRegistry(short) {
		return []string{full}, "", nil
	}
	p, err := imageref.Split(full)
	if err != nil {
		return nil, "", err
	}
	bare := reference.TrimNamed(short).Name()
	to, _, err := sysregistriesv2.ResolveShortNameAlias(&types.SystemContext{}, bare)
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "registries.conf: alias of %s: %w", ref, err)
	}
	if to != nil {
		full, err = versioned(to.Name(), p)
		return []string{full}, "", err
	}
	registries, origin, err := sysregistriesv2.UnqualifiedSearchRegistriesWithOrigin(&types.SystemContext{})
	if err != nil {
		return nil, "", errs.New(errs.Invalid, "registries.conf: %w", err)
	}
	for _, r := range registries {
		full, err := versioned(r+"/"+bare, p)
		if err != nil {
			return nil, "", errs.New(errs.Invalid, "%s: unqualified-search-registries: %w", origin, err)
		}
		if !slices.Contains(names, full) {
			names = append(names, full)
		}
	}
	if len(names) == 0 {
		names = []string{full}
	}
	return names, origin, nil
}

// versioned is the full name with the tag or the digest of p.
func versioned(name string, p imageref.Parts) (string, error) {
	if p.Digest != "" {
		return imageref.Normalize(fmt.Sprintf("%s@%s", name, p.Digest))
	}
	return imageref.Normalize(fmt.Sprintf("%s:%s", name, p.Tag))
}

// hasRegistry reports whether the first part of a name is a registry, as docker tells
// them apart.
func hasRegistry(named reference.Named) bool {
	first, _, more := strings.Cut(named.Name(), "/")
	return more && (first == "localhost" || strings.ContainsAny(first, ".:") || strings.ToLower(first) != first)
}
