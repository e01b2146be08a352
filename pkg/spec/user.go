package spec

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// SetUser sets the ids of process 1 and, from the bounding set that Build gave,
// its capabilities: root has all of them, another user none, as after the
// execve(2) of a set-user-id change (docker's rule; the inheritable set stays
// empty, CVE-2022-24769).
func SetUser(s *specs.Spec, uid, gid uint32, groups []uint32) {
	s.Process.User = specs.User{UID: uid, GID: gid, AdditionalGids: groups}
	s.Process.Capabilities = userCapabilities(uid, s.Process.Capabilities.Bounding)
}

// ExecCapabilities is what a further process of the container gets: what
// process 1 would have as that user, or with privileged all that h can give.
func ExecCapabilities(s *specs.Spec, uid uint32, privileged bool, all []string) *specs.LinuxCapabilities {
	bounding := s.Process.Capabilities.Bounding
	if privileged {
		bounding = all
	}
	return userCapabilities(uid, bounding)
}

func userCapabilities(uid uint32, bounding []string) *specs.LinuxCapabilities {
	caps := &specs.LinuxCapabilities{Bounding: bounding}
	if uid == 0 {
		caps.Effective, caps.Permitted = slices.Clone(bounding), slices.Clone(bounding)
	}
	return caps
}
