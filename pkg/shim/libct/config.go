package libct

import (
	"fmt"
	"os"
	"slices"

	"github.com/opencontainers/cgroups"
	_ "github.com/opencontainers/cgroups/devices" // libcontainer sets device rules with it
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// config turns the spec into libcontainer's. The specconv package takes the
// process' working folder for the bundle, so it is one for that while.
func (e *Engine) config(o engine.CreateOpts) (*configs.Config, error) {
	opts := &specconv.CreateOpts{
		CgroupName:       o.ID,
		UseSystemdCgroup: o.SystemdCgroup,
		Spec:             withRootfs(o.Spec, o.Rootfs),
		RootlessEUID:     os.Geteuid() != 0,
	}
	var cfg *configs.Config
	err := e.in(o.Bundle, func() (err error) {
		cfg, err = specconv.CreateLibcontainerConfig(opts)
		return err
	})
	if err != nil {
		return nil, errs.New(errs.Invalid, "spec of container %s: %w", o.ID, err)
	}
	readonlyCgroups(cfg)
	if err := precompile(cfg.Seccomp, o.CacheDir); err != nil {
		return nil, fmt.Errorf("create container %s: %w", o.ID, err)
	}
	return cfg, nil
}

// readonlyCgroups makes the tmpfs read-only that holds the hierarchies of cgroup
// version 1: libcontainer makes the hierarchies so, and leaves the tmpfs. What is
// remounted here with the type tmpfs is made read-only when all mounts are done.
func readonlyCgroups(cfg *configs.Config) {
	if cgroups.IsCgroup2UnifiedMode() {
		return
	}
	for i, m := range cfg.Mounts {
		if m.Device == "cgroup" && m.Flags&unix.MS_RDONLY != 0 {
			again := &configs.Mount{Source: "tmpfs", Device: "tmpfs", Destination: m.Destination, Flags: m.Flags | unix.MS_REMOUNT}
			cfg.Mounts = slices.Insert(cfg.Mounts, i+1, again)
			return
		}
	}
}

// withRootfs is s with another root folder; s itself is not changed.
func withRootfs(s *specs.Spec, rootfs string) *specs.Spec {
	out := *s
	root := specs.Root{}
	if s.Root != nil {
		root = *s.Root
	}
	if rootfs != "" {
		root.Path = rootfs
	}
	out.Root = &root
	return &out
}

// in runs f with dir as the process' working folder, one call at a time.
func (e *Engine) in(dir string, f func() error) error {
	e.cwd.Lock()
	defer e.cwd.Unlock()
	old, err := os.Open(".")
	if err != nil {
		return err
	}
	defer old.Close()
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("enter bundle: %w", err)
	}
	err = f()
	if cerr := old.Chdir(); err == nil {
		err = cerr
	}
	return err
}
