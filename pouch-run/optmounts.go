package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// mountFlags are volumes, mounts and tmpfs.
func mountFlags() []cli.Flag {
	return []cli.Flag{
		list("volume", "volume or path of the host: `[SOURCE:]PATH[:OPTIONS]`", "v"),
		list("mount", "mount of `KEY=VALUE,…`: type=bind|volume|tmpfs,source=…,target=…[,readonly]…"),
		text("volume-driver", "`DRIVER` of the volumes that -v makes (default: local)"),
		list("tmpfs", "tmpfs at `PATH[:OPTIONS]`"),
		flag("read-only", "make the container's root read-only"),
		text("shm-size", "`SIZE` of /dev/shm (default: 64m)"),
	}
}

// readMounts reads volumes, mounts, tmpfs and devices.
func readMounts(c *cli.Context, o *container.Options) error {
	cwd, err := os.Getwd()
	if err != nil {
		cwd = "" // it was removed, which only a path that begins there has to know
	}
	o.Host.ReadonlyRootfs = c.Bool("read-only")
	err = firstError(
		collect(c, "volume", &o.Mounts, func(s string) (record.Mount, error) { return volumeOf(s, cwd, c.String("volume-driver")) }),
		collect(c, "mount", &o.Mounts, func(s string) (record.Mount, error) { return parse.Mount(s, cwd) }),
		collect(c, "tmpfs", &o.Mounts, parse.Tmpfs),
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

// volumeOf reads one -v; a volume that it makes is driver's.
func volumeOf(s, cwd, driver string) (record.Mount, error) {
	m, err := parse.Volume(s, cwd)
	if m.Type == "volume" && driver != "" {
		m.Volume = &record.NewVolume{Driver: driver}
	}
	return m, err
}
