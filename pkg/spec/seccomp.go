package spec

import (
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// seccompFilter returns the filter of c: docker's default profile for the
// capabilities that s has, or the record's own. None for a privileged container
// that asks for no own profile, and with "unconfined". A kernel without filters
// runs the default without one, as docker does, but refuses one asked for. Under
// limits of disk space the default keeps files in their projects.
func seccompFilter(c *record.Container, h Host, s *specs.Spec) (*specs.LinuxSeccomp, error) {
	profile := c.Host.Seccomp
	switch {
	case profile == "unconfined", profile == "" && (c.Host.Privileged || !h.Seccomp):
		return nil, nil
	case profile == "":
		f, err := seccomp.GetDefaultProfile(s)
		if err == nil && h.DiskLimits && len(c.Host.UIDMap) == 0 { // a user namespace cannot change projects
			keepProjects(f)
		}
		return f, err
	case !h.Seccomp:
		return nil, errs.New(errs.Unsupported, "--security-opt seccomp: this kernel has no seccomp filters")
	}
	filter, err := seccomp.LoadProfile(profile, s)
	if err != nil {
		return nil, errs.New(errs.Invalid, "--security-opt seccomp: %w", err)
	}
	return filter, nil
}
