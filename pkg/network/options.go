package network

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// knownOptions refuses options that the driver does not know. Those with a dot
// may be some other engine's, and are kept.
func knownOptions(driver string, options map[string]string, known []string) error {
	for k := range options {
		if !slices.Contains(known, k) && !strings.Contains(k, ".") {
			return errs.New(errs.Invalid, "network driver %s: no option %q: it has %s", driver, k, strings.Join(known, ", "))
		}
	}
	return nil
}

// checkMTU: IPv6 asks for 1280 bytes at least (RFC 8200 §5).
func checkMTU(o CreateOpts) error {
	v, given := o.Options[OptMTU]
	if !given {
		return nil
	}
	if n, err := strconv.Atoi(v); err != nil || n < 68 || n > 65535 || (o.IPv6 && n < 1280) {
		return errs.New(errs.Invalid, "%s=%s: not an MTU", OptMTU, v)
	}
	return nil
}
