package spec

import (
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// DefaultAppArmor is the AppArmor profile of a container that asks for none,
// docker's rules; who makes the container loads it.
const DefaultAppArmor = "pouch-default"

// unconfined is no profile.
const unconfined = "unconfined"

// appArmor is the profile of process 1; empty: none. One that is asked for where
// the kernel has no AppArmor is of kind unsupported: it would not hold.
func appArmor(c *record.Container, h Host) (string, error) {
	switch asked := c.Host.AppArmor; {
	case asked == unconfined, asked == "" && (c.Host.Privileged || !h.AppArmor):
		return "", nil
	case !h.AppArmor:
		return "", errs.New(errs.Unsupported, "--security-opt apparmor=%s: this kernel has no AppArmor, or it is not in use", asked)
	case asked == "":
		return DefaultAppArmor, nil
	default:
		return asked, nil
	}
}

// checkSELinux refuses labels where nothing would keep them.
func checkSELinux(c *record.Container, h Host) error {
	for _, o := range c.Host.SELinux {
		if o != "disable" && !h.SELinux {
			return errs.New(errs.Unsupported, "--security-opt label=%s: this kernel has no SELinux, or it is not in use", o)
		}
	}
	return nil
}

// maskPaths sets what of /proc and /sys is hidden and what is read-only: docker's
// lists without those unmasked, and with those masked.
func maskPaths(l *specs.Linux, c *record.Container, h Host) {
	if !c.Host.Privileged && !c.Host.Unmasked {
		l.MaskedPaths = slices.Concat(maskedPaths(), h.MaskedPaths)
		l.ReadonlyPaths = readonlyPaths()
	}
	open := func(p string) bool {
		return slices.ContainsFunc(c.Host.UnmaskPaths, func(pattern string) bool {
			ok, _ := path.Match(pattern, p)
			return ok || strings.EqualFold(pattern, "all")
		})
	}
	l.MaskedPaths = slices.DeleteFunc(l.MaskedPaths, open)
	l.ReadonlyPaths = slices.DeleteFunc(l.ReadonlyPaths, open)
	for _, p := range c.Host.MaskPaths {
		if !slices.Contains(l.MaskedPaths, p) {
			l.MaskedPaths = append(l.MaskedPaths, p)
		}
	}
}
