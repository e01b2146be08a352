package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Build returns the runtime configuration of c on host h. The user is that of
// SetUser(p, 0, 0, nil): whoever mounts the root looks c.Process.User up in it
// and calls SetUser. Errors have kind invalid for what the record asks and no
// host can do, unsupported for what this host cannot.
func Build(c *record.Container, h Host) (*specs.Spec, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	if err := checkRich(c, h); err != nil {
		return nil, err
	}
	caps, err := Capabilities(c.Host, h.Capabilities)
	if err != nil {
		return nil, err
	}
	mounts, propagation, err := mounts(c, h)
	if err != nil {
		return nil, err
	}
	sysctls, err := sysctls(c)
	if err != nil {
		return nil, err
	}
	s := &specs.Spec{
		Version:     specs.Version,
		Root:        &specs.Root{Path: rootfs(h), Readonly: c.Host.ReadonlyRootfs},
		Process:     process(c, h),
		Mounts:      mounts,
		Annotations: annotations(c),
		Hooks:       hooks(c),
		Linux: &specs.Linux{
			CgroupsPath:       cgroupsPath(c, h),
			Namespaces:        namespaces(c, h),
			Resources:         resources(c, h),
			Sysctl:            sysctls,
			RootfsPropagation: propagation,
			Devices:           deviceNodes(h),
			IntelRdt:          rdt(c.Host.Resources),
		},
	}
	s.Linux.UIDMappings, s.Linux.GIDMappings = idMappings(c, h)
	if c.Host.UtsMode != "host" && joined(c.Host.UtsMode) == "" {
		s.Hostname, s.Domainname = Hostname(c, h.Hostname), c.Host.Domainname
	}
	s.Process.Capabilities = &specs.LinuxCapabilities{Bounding: richCapabilities(c, h, caps)}
	SetUser(s.Process, 0, 0, nil)
	maskPaths(s.Linux, c, h)
	if s.Process.ApparmorProfile, err = appArmor(c, h); err != nil {
		return nil, err
	}
	if err := checkSELinux(c, h); err != nil {
		return nil, err
	}
	if s.Linux.Seccomp, err = seccompFilter(c, h, s); err != nil {
		return nil, err
	}
	return s, nil
}

// check refuses a record that no runtime could run, and modes of namespaces that
// Pouch does not know.
func check(c *record.Container) error {
	if args := c.Process.Args(); !RichSystem(c) && (len(args) == 0 || len(args) == 1 && args[0] == "") {
		return errs.New(errs.Invalid, "no command specified: the image names none; give one after the image")
	}
	for _, m := range [][2]string{{"pid", c.Host.PidMode}, {"uts", c.Host.UtsMode}, {"ipc", c.Host.IpcMode}} {
		known := m[1] == "" || m[1] == "host" || m[1] == "private" || joined(m[1]) != "" || m[0] == "ipc" && (m[1] == "none" || m[1] == "shareable")
		if !known {
			return errs.New(errs.Invalid, "--%s %s: no such mode", m[0], m[1])
		}
	}
	switch c.Host.CgroupnsMode {
	case "", "host", "private":
		return checkUserns(c)
	}
	return errs.New(errs.Invalid, "--cgroupns %s: use host or private", c.Host.CgroupnsMode)
}

func rootfs(h Host) string {
	if h.Rootfs == "" {
		return "rootfs"
	}
	return h.Rootfs
}

// process is the container's process 1 without its rights.
func process(c *record.Container, h Host) *specs.Process {
	score := 0 // said always: else the container would inherit that of whoever starts it
	if c.Host.OOMScoreAdj != nil {
		score = *c.Host.OOMScoreAdj
	}
	cwd := c.Process.Cwd
	if cwd == "" {
		cwd = "/"
	}
	return &specs.Process{
		Terminal:        c.Process.TTY,
		Args:            args(c),
		Env:             Env(c, h.Hostname),
		Cwd:             cwd,
		User:            specs.User{Umask: c.Process.Umask},
		Rlimits:         rlimits(c.Process.Rlimits, h.NofileHard),
		NoNewPrivileges: c.Host.NoNewPrivileges,
		OOMScoreAdj:     &score,
	}
}
