package spec

import (
	"maps"
	"path"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// DefaultCgroupParent holds the cgroups of Pouch's containers.
const DefaultCgroupParent = "/pouch"

// DefaultSlice holds the scopes of Pouch's containers where systemd makes them.
const DefaultSlice = "system.slice"

// cgroupsPath is the container's cgroup as a runtime takes it: a path below
// every hierarchy, or for systemd SLICE:PREFIX:NAME of the scope (runc's
// docs/systemd.md).
func cgroupsPath(c *record.Container, h Host) string {
	if c.Host.SystemdCgroup {
		return slice(c) + ":" + path.Base(ownParent(h.CgroupParent)) + ":" + c.ID
	}
	return CgroupPath(c, h.CgroupParent)
}

// CgroupPath is where c's cgroup lies below the root of every hierarchy; parent
// is that of the containers of its store.
func CgroupPath(c *record.Container, parent string) string {
	if c.Host.SystemdCgroup {
		return path.Join(slicePath(slice(c)), Scope(c.ID, parent))
	}
	if c.Host.CgroupParent != "" {
		parent = c.Host.CgroupParent
	}
	return path.Join("/", ownParent(parent), c.ID)
}

// Scope is the name of the systemd unit of a container's cgroup.
func Scope(id, parent string) string { return path.Base(ownParent(parent)) + "-" + id + ".scope" }

// annotations are the user's, and for a scope that systemd forgets it when it
// ends, also when it failed (systemd.unit(5), CollectMode=).
func annotations(c *record.Container) record.Labels {
	const collect = "org.systemd.property.CollectMode"
	if _, set := c.Annotations[collect]; set || !c.Host.SystemdCgroup {
		return c.Annotations
	}
	out := record.Labels{collect: "'inactive-or-failed'"}
	maps.Copy(out, c.Annotations)
	return out
}

func ownParent(parent string) string {
	if parent == "" {
		return DefaultCgroupParent
	}
	return parent
}

func slice(c *record.Container) string {
	if c.Host.CgroupParent == "" {
		return DefaultSlice
	}
	return c.Host.CgroupParent
}

// slicePath is the cgroup of a slice: each hyphen of its name is a level,
// a-b.slice lies in a.slice (systemd.slice(5)).
func slicePath(name string) string {
	stem := strings.TrimSuffix(name, ".slice")
	if stem == "-" {
		return "/"
	}
	out, prefix := "/", ""
	for part := range strings.SplitSeq(stem, "-") {
		prefix += part
		out = path.Join(out, prefix+".slice")
		prefix += "-"
	}
	return out
}

// CheckSlice returns the slice that --cgroup-parent asks for, a name as
// system.slice; anything else is errs.Invalid.
func CheckSlice(parent string) (string, error) {
	name := strings.TrimPrefix(parent, "/")
	stem, ok := strings.CutSuffix(name, ".slice")
	bad := strings.ContainsAny(stem, "/:\x00 ") || stem != "-" && (strings.HasPrefix(stem, "-") || strings.HasSuffix(stem, "-") || strings.Contains(stem, "--"))
	if !ok || stem == "" || bad {
		return "", errs.New(errs.Invalid, "cgroup-parent for systemd cgroup should be a valid slice named as \"xxx.slice\", not %q", parent)
	}
	return name, nil
}
