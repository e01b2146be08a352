package main

import (
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// namespaceFlags say which namespaces are the host's, and settings of the others.
func namespaceFlags() []cli.Flag {
	return []cli.Flag{
		text("pid", "PID `NAMESPACE`: private, host, container:NAME or ns:PATH (default: private)"),
		text("ipc", "IPC `NAMESPACE`: private, shareable, none, host, container:NAME or ns:PATH (default: private)"),
		text("uts", "UTS `NAMESPACE`: private, host, container:NAME or ns:PATH (default: private)"),
		text("userns", "user `NAMESPACE`: host, auto[:size=N], keep-id[:uid=N,gid=N], container:NAME or CONTAINER:HOST:SIZE,… (default: host)"),
		list("uidmap", "map users of the container `CONTAINER:HOST:SIZE`"),
		list("gidmap", "map groups of the container `CONTAINER:HOST:SIZE` (default: as the users)"),
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
		set(c, "pid", &h.PidMode, namespaceMode("pid", "host", "private")),
		set(c, "ipc", &h.IpcMode, namespaceMode("ipc", "private", "shareable", "none", "host")),
		set(c, "uts", &h.UtsMode, namespaceMode("uts", "host", "private")),
		set(c, "userns", &h.UsernsMode, parse.Userns),
		idMaps(c, h),
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

func namespaceMode(flag string, words ...string) func(string) (string, error) {
	return func(s string) (string, error) { return parse.Namespace(flag, s, words...) }
}

// idMaps reads --uidmap and --gidmap; one alone counts for both.
func idMaps(c *cli.Context, h *record.Host) error {
	uids, gids := strings.Join(c.StringSlice("uidmap"), ","), strings.Join(c.StringSlice("gidmap"), ",")
	switch {
	case uids == "" && gids == "":
		return nil
	case h.UsernsMode != "" && h.UsernsMode != "auto":
		return errs.New(errs.Invalid, "conflicting options: --uidmap and --gidmap say what --userns %s says otherwise", h.UsernsMode)
	case uids == "":
		uids = gids
	case gids == "":
		gids = uids
	}
	h.UsernsMode = ""
	var err error
	if h.UIDMap, err = parse.IDMaps(uids); err != nil {
		return err
	}
	h.GIDMap, err = parse.IDMaps(gids)
	return err
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
