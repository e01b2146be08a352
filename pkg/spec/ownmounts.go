package spec

import (
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// ownMount turns a mount of the record into the runtime's.
func ownMount(c *record.Container, m record.Mount, h Host) (specs.Mount, error) {
	switch m.Type {
	case "tmpfs":
		return specs.Mount{Destination: m.Destination, Type: "tmpfs", Source: "tmpfs", Options: tmpfsOptions(m)}, nil
	case "bind", "volume":
	default:
		return specs.Mount{}, errs.New(errs.Invalid, "mount %s: unknown type %q", m.Destination, m.Type)
	}
	if m.Source == "" {
		return specs.Mount{}, errs.New(errs.Internal, "mount %s: the %s has no source yet", m.Destination, m.Type)
	}
	options, err := bindOptions(m, h)
	if hasUserns(c) && slices.Contains(m.Options, "idmap") {
		options = append(options, "ridmap")
	}
	return specs.Mount{Destination: m.Destination, Type: "bind", Source: m.Source, Options: options}, err
}

// tmpfsOptions are docker's, under those asked for.
func tmpfsOptions(m record.Mount) []string {
	var out []string
	for _, o := range []string{"noexec", "nosuid", "nodev"} {
		if !slices.Contains(m.Options, strings.TrimPrefix(o, "no")) && !slices.Contains(m.Options, o) {
			out = append(out, o)
		}
	}
	out = append(out, m.Options...)
	if m.ReadOnly {
		out = append(out, "ro")
	}
	return out
}

// bindOptions follow docker: with everything below the source, private, and
// read-only with everything below where the kernel can. z and Z, labels of
// SELinux, and U, which changes owners, are for whoever makes the container.
func bindOptions(m record.Mount, h Host) ([]string, error) {
	bind, propagation := "rbind", m.Propagation
	if slices.Contains(m.Options, parse.BindNonRecursive) {
		bind = "bind"
	}
	if propagation == "" {
		propagation = "rprivate"
	}
	out := []string{bind, propagation}
	force := slices.Contains(m.Options, parse.BindReadOnlyAllForce)
	switch {
	case !m.ReadOnly:
	case force && !h.RecursiveRO:
		return nil, errs.New(errs.Unsupported, "mount %s: bind-recursive=readonly needs Linux 5.12 or newer", m.Destination)
	case h.RecursiveRO && bind == "rbind" && !slices.Contains(m.Options, parse.BindReadOnlyTop):
		// "ro" too: a runtime that does not know "rro" must not leave it writable.
		out = append(out, "ro", "rro")
	default:
		out = append(out, "ro")
	}
	return out, nil
}
