package spec

import (
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// The modes of a rich container.
const (
	RichDumbInit = "dumb-init" // Pouch's init is process 1
	RichSystemd  = "systemd"   // the image's systemd
	RichSbinInit = "sbin-init" // the image's /sbin/init, whatever it is
)

// RichSystem reports whether process 1 of c is the init of a whole system, which
// is the image's own: the container's command is one of the things that it runs.
func RichSystem(c *record.Container) bool {
	return c.Rich != nil && (c.Rich.Mode == RichSystemd || c.Rich.Mode == RichSbinInit)
}

// RichEnv is the environment by which a rich container knows itself:
// PouchContainer's two, and with a whole system the one by which systemd and others
// know that they are in a container.
func RichEnv(r *record.Rich) []string {
	env := []string{"rich_mode=true", "rich_mode_launch_manner=" + r.Mode}
	if r.Mode != RichDumbInit {
		env = append(env, "container=pouch")
	}
	return env
}

// richMounts are what the init of a system expects to be there, empty and its own
// (systemd.io/CONTAINER_INTERFACE).
func richMounts(c *record.Container, h Host) []specs.Mount {
	if !RichSystem(c) {
		return nil
	}
	tmpfs := func(at, mode string) specs.Mount {
		return specs.Mount{Destination: at, Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "mode=" + mode, "tmpcopyup"}}
	}
	out := []specs.Mount{tmpfs("/run", "755"), tmpfs("/run/lock", "1777"), tmpfs("/tmp", "1777")}
	if h.CgroupV2 || c.Rich.Mode != RichSystemd {
		return out
	}
	// systemd's own hierarchy of version 1: the container's part of it alone.
	return append(out, specs.Mount{
		Destination: SystemdHierarchy, Type: "bind", Source: path.Join(SystemdHierarchy, cgroupsPath(c, h)), Options: []string{"bind", "rprivate", "nosuid", "noexec", "nodev"},
	})
}

// SystemdHierarchy is where version 1 has it: systemd.io/CGROUP_DELEGATION.
const SystemdHierarchy = "/sys/fs/cgroup/systemd"

// writableCgroup reports whether the container makes cgroups below its own.
func writableCgroup(c *record.Container, h Host) bool {
	return c.Host.Privileged || RichSystem(c) && h.CgroupV2 && privateCgroupns(c, h)
}

// richCapabilities adds what a system needs to go down: reboot(2) in a PID
// namespace ends that, and nothing else.
func richCapabilities(c *record.Container, h Host, caps []string) []string {
	const boot = "CAP_SYS_BOOT"
	private := c.Host.PidMode == "" || c.Host.PidMode == "private"
	available := h.Capabilities == nil || slices.Contains(h.Capabilities, boot)
	if !RichSystem(c) || !private || !available || slices.Contains(caps, boot) || slices.Contains(c.Host.CapDrop, boot) {
		return caps
	}
	return append(caps, boot)
}

// checkRich refuses what a system cannot be without.
func checkRich(c *record.Container, h Host) error {
	if !RichSystem(c) {
		return nil
	}
	if m := c.Host.PidMode; m != "" && m != "private" {
		return errs.New(errs.Invalid, "--rich-mode %s: an init is process 1 of its own PID namespace: leave --pid out", c.Rich.Mode)
	}
	if c.Rich.Mode == RichSystemd && !h.CgroupV2 && !h.SystemdHierarchy {
		return errs.New(errs.Unsupported, "--rich-mode systemd: with cgroup v1 systemd needs a hierarchy of its own: mkdir %[1]s && mount -t cgroup -o none,name=systemd cgroup %[1]s", SystemdHierarchy)
	}
	return nil
}

// hooks run the init script on the host, with the container's state on its
// standard input, before every start (runtime-spec config.md, createRuntime).
func hooks(c *record.Container) *specs.Hooks {
	if c.Rich == nil || c.Rich.InitScript == "" {
		return nil
	}
	words := strings.Fields(c.Rich.InitScript)
	env := append([]string{"PATH=" + DefaultPath}, RichEnv(c.Rich)...)
	return &specs.Hooks{CreateRuntime: []specs.Hook{{Path: words[0], Args: words, Env: env}}}
}
