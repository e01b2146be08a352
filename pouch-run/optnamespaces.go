package main

import (
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// namespaceFlags say which namespaces are the host's, and settings of the others.
func namespaceFlags() []cli.Flag {
	return []cli.Flag{
		text("pid", "PID `NAMESPACE`: private or host (default: private)"),
		text("ipc", "IPC `NAMESPACE`: private, none or host (default: private)"),
		text("uts", "UTS `NAMESPACE`: private or host (default: private)"),
		text("cgroupns", "cgroup `NAMESPACE`: private or host (default: private, with cgroup v1 host)"),
		text("cgroup-parent", "`CGROUP` below which the container's is made"),
		list("sysctl", "kernel setting `KEY=VALUE` of the container"),
	}
}

// readNamespaces reads which namespaces are the host's, and settings of those
// that are the container's.
func readNamespaces(c *cli.Context, o *container.Options) error {
	h := &o.Host
	return firstError(
		set(c, "cgroup-parent", &h.CgroupParent, cgroupParent),
		set(c, "pid", &h.PidMode, oneOf("pid", "host", "private")),
		set(c, "ipc", &h.IpcMode, oneOf("ipc", "private", "none", "host")),
		set(c, "uts", &h.UtsMode, oneOf("uts", "host", "private")),
		set(c, "cgroupns", &h.CgroupnsMode, oneOf("cgroupns", "host", "private")),
		each(c, "sysctl", func(s string) error {
			k, v, err := parse.Sysctl(s)
			if err != nil {
				return err
			}
			if h.Sysctls == nil {
				h.Sysctls = map[string]string{}
			}
			h.Sysctls[k] = v
			return nil
		}),
	)
}

// cgroupParent makes the parent absolute below each hierarchy's root, which
// itself is refused: a container's cgroup would stand among the host's.
func cgroupParent(s string) (string, error) {
	p := path.Join("/", s)
	if p == "/" || strings.ContainsRune(s, 0) || strings.Contains(s, "..") || strings.Contains(s, ":") {
		return "", errs.New(errs.Invalid, "--cgroup-parent %s: give the path of a cgroup, as /my/group", s)
	}
	return p, nil
}
