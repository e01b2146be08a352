package main

import (
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// deviceFlags are devices of the host.
func deviceFlags() []cli.Flag {
	return []cli.Flag{
		list("device", "device of the host, or a folder of them, `DEVICE[:PATH][:rwm]`; or one of a vendor's file (CDI), vendor.com/class=name[,…]"),
		text("gpus", "`GPUS` of a vendor's file (CDI): all, a number, or device=0,1"),
		list("cdi-spec-dir", "`FOLDER` of the vendors' files (default: /etc/cdi and /var/run/cdi)"),
	}
}

// readDevices reads devices.
func readDevices(c *cli.Context, o *container.Options) error {
	h := &o.Host
	return firstError(
		each(c, "device", func(s string) error { return readDevice(s, h) }),
		set(c, "gpus", &h.CDIDevices, func(s string) ([]string, error) {
			got, err := parse.GPUs(s)
			return append(h.CDIDevices, got...), err
		}),
		collect(c, "cdi-spec-dir", &h.CDISpecDirs, folder),
	)
}

func readDevice(s string, h *record.Host) error {
	if parse.IsCDI(s) {
		got, err := parse.CDIDevices(s)
		h.CDIDevices = append(h.CDIDevices, got...)
		return err
	}
	d, err := parse.Device(s)
	h.Devices = append(h.Devices, d)
	return err
}

// folder makes a folder's path absolute: a later start has another one to begin
// at. One that is not there is refused.
func folder(s string) (string, error) {
	abs, err := filepath.Abs(s)
	if err != nil {
		return "", err
	}
	if fi, err := os.Stat(abs); err != nil {
		return "", errs.New(errs.Invalid, "%w", err)
	} else if !fi.IsDir() {
		return "", errs.New(errs.Invalid, "%s: not a folder", abs)
	}
	return abs, nil
}
