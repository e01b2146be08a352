package manifest

import (
	"runtime"
	"slices"
	"sort"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Platform is a machine that an image can be for, with the words of Go (GOARCH);
// the zero value is this machine. The operating system is linux.
type Platform struct{ Arch, Variant string }

// ParsePlatform reads a --platform: OS[/ARCH[/VARIANT]] or an architecture alone,
// which may be called as uname(1) does. Errors: kind invalid, and unsupported for
// another operating system.
func ParsePlatform(s string) (Platform, error) {
	f := strings.Split(s, "/")
	if len(f) == 1 && s != "linux" {
		f = []string{"linux", s}
	}
	if len(f) > 3 || slices.Contains(f, "") {
		return Platform{}, errs.New(errs.Invalid, "--platform %s: give OS/ARCH or OS/ARCH/VARIANT, as in linux/arm64", s)
	}
	if f[0] != "linux" {
		return Platform{}, errs.New(errs.Unsupported, "--platform %s: only linux images run here", s)
	}
	f = append(f, "", "")
	return Platform{Arch: goArch(f[1]), Variant: f[2]}, nil
}

// goArch is Go's word for an architecture as uname(1) has it.
func goArch(s string) string {
	switch s {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return s
}

// String returns linux/ARCH[/VARIANT].
func (p Platform) String() string {
	out := "linux/" + p.arch()
	if p.Variant != "" {
		out += "/" + p.Variant
	}
	return out
}

func (p Platform) arch() string {
	if p.Arch == "" {
		return runtime.GOARCH
	}
	return p.Arch
}

// Is reports whether an image that is for of may be what is asked for as p. An
// image without words about it may be anything, a platform without a variant has
// any.
func (p Platform) Is(of ocispec.Platform) bool {
	return (of.OS == "" || of.OS == "linux") && (of.Architecture == "" || goArch(of.Architecture) == p.arch()) &&
		(p.Variant == "" || variant(of) == p.Variant)
}

// variant is the one that an architecture has when nothing is said of it.
func variant(of ocispec.Platform) string {
	switch {
	case of.Variant != "":
		return of.Variant
	case of.Architecture == "arm64":
		return "v8"
	case of.Architecture == "arm":
		return "v7"
	}
	return ""
}

// Fitting orders the entries of an index: those for p first, then the rest;
// attestations and other things that are no image are left out.
func (p Platform) Fitting(entries []ocispec.Descriptor) []ocispec.Descriptor {
	out := make([]ocispec.Descriptor, 0, len(entries))
	for _, e := range entries {
		if e.Platform == nil || e.Platform.OS != "unknown" {
			out = append(out, e)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return p.fit(out[i]) > p.fit(out[j]) })
	return out
}

// fit is 3 for the platform, 2 for a variant of it, 1 for an entry without a
// platform, 0 for another one's.
func (p Platform) fit(d ocispec.Descriptor) int {
	of := d.Platform
	switch {
	case of == nil:
		return 1
	case of.OS != "linux" || of.Architecture != p.arch():
		return 0
	case of.Variant == p.Variant || of.Architecture == "arm64" && variant(*of) == "v8" && p.Variant == "":
		return 3
	}
	return 2
}
