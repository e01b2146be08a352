package spec

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// namespaces are those that the container does not share with the host.
func namespaces(c *record.Container, h Host) []specs.LinuxNamespace {
	out := []specs.LinuxNamespace{{Type: specs.MountNamespace}}
	if c.NetworkMode != "host" {
		out = append(out, specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: h.NetnsPath})
	}
	if c.Host.UtsMode != "host" {
		out = append(out, specs.LinuxNamespace{Type: specs.UTSNamespace})
	}
	if c.Host.PidMode != "host" {
		out = append(out, specs.LinuxNamespace{Type: specs.PIDNamespace})
	}
	if c.Host.IpcMode != "host" {
		out = append(out, specs.LinuxNamespace{Type: specs.IPCNamespace})
	}
	if privateCgroupns(c, h) {
		out = append(out, specs.LinuxNamespace{Type: specs.CgroupNamespace})
	}
	return out
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
	return c.NetworkMode != "host" && !strings.Contains(c.NetworkMode, ":")
}

// sysctls are those asked for, over docker's two: any user may ping and bind
// low ports in a network of the container's own. One that would change the
// host's is of kind invalid.
func sysctls(c *record.Container) (map[string]string, error) {
	out := map[string]string{}
	if ownNetwork(c) {
		out["net.ipv4.ip_unprivileged_port_start"] = "0"
		out["net.ipv4.ping_group_range"] = "0 2147483647"
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
