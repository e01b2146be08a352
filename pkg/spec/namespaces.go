package spec

import (
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// What stands in a specification in the place of a path for whoever makes the
// container to put one in: only there it is known that the process whose
// namespace it is, is still that process.
const (
	// JoinContainer, with a container's id behind it, is that container's
	// namespace, or, as a mount's source with a path behind the id, what it has
	// there.
	JoinContainer = "container:"
	// JoinOwner, with a namespace's path behind it, is the user namespace that
	// this namespace belongs to.
	JoinOwner = "owner:"
)

// namespaces are those that the container does not share with the host.
func namespaces(c *record.Container, h Host) []specs.LinuxNamespace {
	out := []specs.LinuxNamespace{{Type: specs.MountNamespace}}
	if hasUserns(c) {
		out = append(out, specs.LinuxNamespace{Type: specs.UserNamespace, Path: usernsPath(c, h)})
	}
	for _, n := range []struct {
		kind specs.LinuxNamespaceType
		mode string
	}{
		{specs.NetworkNamespace, c.NetworkMode},
		{specs.UTSNamespace, c.Host.UtsMode},
		{specs.PIDNamespace, c.Host.PidMode},
		{specs.IPCNamespace, c.Host.IpcMode},
	} {
		path := joined(n.mode)
		if n.kind == specs.NetworkNamespace && ownNetwork(c) {
			path = h.NetnsPath
		}
		if n.mode != "host" {
			out = append(out, specs.LinuxNamespace{Type: n.kind, Path: path})
		}
	}
	if privateCgroupns(c, h) {
		out = append(out, specs.LinuxNamespace{Type: specs.CgroupNamespace})
	}
	return out
}

// joined is the path of the namespace that mode names; empty: a new one.
func joined(mode string) string {
	if path, ok := strings.CutPrefix(mode, "ns:"); ok {
		return path
	}
	if strings.HasPrefix(mode, JoinContainer) {
		return mode
	}
	return ""
}

// privateCgroupns follows docker: private by default on the unified hierarchy,
// the host's on version 1 and for a privileged container.
func privateCgroupns(c *record.Container, h Host) bool {
	if c.Host.CgroupnsMode != "" {
		return c.Host.CgroupnsMode == "private"
	}
	return h.CgroupV2 && !c.Host.Privileged
}

// ownNetwork reports whether nobody else uses the container's network namespace.
func ownNetwork(c *record.Container) bool {
	return c.NetworkMode != "host" && (!strings.Contains(c.NetworkMode, ":") || strings.HasPrefix(c.NetworkMode, "cni:"))
}

// sysctls are those asked for, over docker's two: any user may ping and bind
// low ports in a network of the container's own. One that would change the
// host's is of kind invalid.
func sysctls(c *record.Container) (map[string]string, error) {
	out := map[string]string{}
	if ownNetwork(c) {
		out["net.ipv4.ip_unprivileged_port_start"] = "0"
		out["net.ipv4.ping_group_range"] = "0 " + strconv.FormatUint(uint64(lastGroup(c)), 10)
	}
	for k, v := range c.Host.Sysctls {
		if strings.HasPrefix(k, "net.") && c.NetworkMode == "host" {
			return nil, errs.New(errs.Invalid, "sysctl '%s' is not allowed with the host's network", k)
		}
		if !strings.HasPrefix(k, "net.") && c.Host.IpcMode == "host" {
			return nil, errs.New(errs.Invalid, "sysctl '%s' is not allowed with the host's IPC namespace", k)
		}
		out[k] = v
	}
	return out, nil
}
