package spec

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// SetUser sets the ids of p and, from its bounding set, its capabilities: root
// has all of them, another user none, as after the execve(2) of a user other
// than root (docker's rule; the inheritable set stays empty, CVE-2022-24769).
func SetUser(p *specs.Process, uid, gid uint32, groups []uint32) {
	p.User.UID, p.User.GID, p.User.AdditionalGids = uid, gid, groups
	caps := &specs.LinuxCapabilities{Bounding: p.Capabilities.Bounding}
	if uid == 0 {
		caps.Effective, caps.Permitted = slices.Clone(caps.Bounding), slices.Clone(caps.Bounding)
	}
	p.Capabilities = caps
}
