package spec

import (
	"slices"
	"strings"

	"github.com/moby/sys/capability"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// DefaultCapabilities are the 14 that a container has unless told otherwise, as
// in docker: capabilities(7).
func DefaultCapabilities() []string {
	return []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
		"CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
		"CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
	}
}

// KnownCapabilities are all that this build knows, with CAP_.
func KnownCapabilities() []string {
	known := capability.ListKnown()
	out := make([]string, len(known))
	for i, c := range known {
		out[i] = "CAP_" + strings.ToUpper(c.String())
	}
	return out
}

// Capabilities returns the bounding set that h asks for, in a fixed order, of
// those that the host can give (nil: all). Adding one that does not exist is of
// kind invalid, one that the host cannot give unsupported. Adding wins over
// dropping, and ALL means the rest.
func Capabilities(h record.Host, available []string) ([]string, error) {
	known := KnownCapabilities()
	if available == nil {
		available = known
	}
	if h.Privileged {
		return slices.Clone(available), nil
	}
	for _, c := range slices.Concat(h.CapAdd, h.CapDrop) {
		if c != "ALL" && !slices.Contains(known, c) {
			return nil, errs.New(errs.Invalid, "invalid capability: unknown capability: %q", c)
		}
	}
	for _, c := range h.CapAdd {
		if c != "ALL" && !slices.Contains(available, c) {
			return nil, errs.New(errs.Unsupported, "capability %s: this host cannot give it", c)
		}
	}
	base := DefaultCapabilities()
	switch {
	case slices.Contains(h.CapAdd, "ALL"):
		base = available
	case slices.Contains(h.CapDrop, "ALL"):
		base = nil
	}
	out := make([]string, 0, len(available))
	for _, c := range available {
		if slices.Contains(h.CapAdd, c) || slices.Contains(base, c) && !slices.Contains(h.CapDrop, c) {
			out = append(out, c)
		}
	}
	return out, nil
}
