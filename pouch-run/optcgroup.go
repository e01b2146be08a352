package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// cgroupManagerFlag is the global flag that says who makes the containers'
// cgroups.
func cgroupManagerFlag() cli.Flag {
	return &cli.StringFlag{Name: "cgroup-manager", EnvVars: []string{"POUCH_CGROUP_MANAGER"}, Usage: "`WHO` makes a new container's cgroup: cgroupfs, or systemd as a scope (default: cgroupfs)"}
}

// cgroupFlags are what a cgroup has beyond limits of memory, processors and block
// devices.
func cgroupFlags() []cli.Flag {
	return append(cgroupFileFlags(),
		list("device-cgroup-rule", "also allow devices: `'TYPE MAJOR:MINOR ACCESS'`, as 'c 10:200 rw'"),
		text("intel-rdt-l3-cbm", "ways of the L3 cache that it may fill, `SCHEMA` as L3:0=ff;1=f"),
		text("rdt-class", "`GROUP` of /sys/fs/resctrl that it belongs to"),
		text("cgroups", "`WHETHER` it has a cgroup of its own: enabled (podman's no-conmon is the same here)"),
	)
}

// cgroupFileFlags are those that update can change.
func cgroupFileFlags() []cli.Flag {
	return []cli.Flag{list("cgroup-conf", "write a file of the cgroup, `FILE=VALUE` as memory.high=1073741824 (cgroup v2)")}
}

// readCgroup reads the rest of the cgroup, and tells what of all limits this
// host cannot keep: the groups that read the others stand before it.
func readCgroup(c *cli.Context, o *container.Options) error {
	h := &o.Host
	err := firstError(
		readCgroupFiles(c, &h.Resources),
		collect(c, "device-cgroup-rule", &h.DeviceRules, parse.DeviceRule),
		set(c, "intel-rdt-l3-cbm", &h.Resources.RdtL3, parse.L3Schema),
		set(c, "rdt-class", &h.Resources.RdtClass, parse.RdtClass),
	)
	who, own := "", ""
	if err == nil {
		err = set(c, "cgroups", &own, ownCgroup)
	}
	if err == nil {
		err = set(c, "cgroup-manager", &who, oneOf("cgroup-manager", "cgroupfs", "systemd"))
	}
	if err != nil {
		return err
	}
	h.SystemdCgroup = who == "systemd"
	warnings, err := container.FitLimits(h)
	for _, w := range warnings {
		cmd.Warn(c, errors.New("warning: "+w))
	}
	return err
}

// ownCgroup refuses a container without a cgroup of its own.
func ownCgroup(s string) (string, error) {
	if s == "disabled" || s == "split" {
		return "", errs.New(errs.Unsupported, "--cgroups %s: Pouch ends a container by its cgroup: each has one of its own", s)
	}
	return oneOf("cgroups", "enabled", "no-conmon", "disabled", "split")(s)
}

// readCgroupFiles reads cgroupFileFlags that are given over r.
func readCgroupFiles(c *cli.Context, r *record.Resources) error {
	return each(c, "cgroup-conf", func(s string) error {
		k, v, err := parse.CgroupConf(s)
		if r.Unified == nil {
			r.Unified = map[string]string{}
		}
		r.Unified[k] = v
		return err
	})
}
