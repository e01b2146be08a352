package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// readMounts reads volumes, mounts, tmpfs and devices.
func readMounts(c *cli.Context, o *container.Options) error {
	cwd, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working directory: %w", err)
	}
	o.Host.ReadonlyRootfs = c.Bool("read-only")
	err = firstError(
		collect(c, "volume", &o.Mounts, func(s string) (record.Mount, error) { return parse.Volume(s, cwd) }),
		collect(c, "mount", &o.Mounts, func(s string) (record.Mount, error) { return parse.Mount(s, cwd) }),
		collect(c, "tmpfs", &o.Mounts, parse.Tmpfs),
		collect(c, "device", &o.Host.Devices, parse.Device),
		set(c, "shm-size", &o.Host.ShmSize, parse.Size),
	)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(o.Mounts))
	for _, m := range o.Mounts {
		if seen[m.Destination] {
			return errs.New(errs.Invalid, "Duplicate mount point: %s", m.Destination)
		}
		seen[m.Destination] = true
	}
	return nil
}

// readRights reads capabilities and security options.
func readRights(c *cli.Context, o *container.Options) error {
	h := &o.Host
	h.Privileged = c.Bool("privileged")
	err := firstError(
		collect(c, "cap-add", &h.CapAdd, parse.Capability),
		collect(c, "cap-drop", &h.CapDrop, parse.Capability),
	)
	if err != nil {
		return err
	}
	s, err := parse.SecurityOpts(c.StringSlice("security-opt"), readProfile)
	h.Seccomp, h.NoNewPrivileges, h.Unmasked = s.Seccomp, s.NoNewPrivileges, s.Unmasked
	return err
}

// readProfile reads a seccomp profile, at most a byte more than is allowed.
func readProfile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, parse.MaxSeccomp+1))
}
