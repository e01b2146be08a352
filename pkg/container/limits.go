package container

import (
	"fmt"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/spec/hostfacts"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// FitLimits checks what h asks of a cgroup, and takes out what this host cannot
// keep but docker, too, only warns of: the warnings. The kind of an error is
// invalid, or unsupported for what this host does not have. Idempotent.
func FitLimits(h *record.Host) (warnings []string, err error) {
	if h.SystemdCgroup {
		if err := fitSystemd(h); err != nil {
			return nil, err
		}
	}
	if !spec.Limited(h.Resources) {
		return nil, nil
	}
	if err := spec.CheckLimits(h.Resources); err != nil {
		return nil, err
	}
	if _, err := hostfacts.Limits(h.Resources); err != nil {
		return nil, err
	}
	warnings, err = spec.Fit(&h.Resources, hostfacts.Kernel())
	return append(warnings, fitWeights(&h.Resources)...), err
}

// fitWeights takes out the weights of block devices whose scheduler knows none:
// the kernel would refuse them, and the container.
func fitWeights(r *record.Resources) (warnings []string) {
	r.BlkioWeightDevice = slices.DeleteFunc(r.BlkioWeightDevice, func(d record.DeviceRate) bool {
		s := hostfacts.Scheduler(d.Path)
		if s == "bfq" || s == "cfq" {
			return false
		}
		why := "it is a part of a disk"
		if s != "" {
			why = "its scheduler is " + s + ", not bfq"
		}
		warnings = append(warnings, fmt.Sprintf("block device %s cannot have a blkio weight: %s. Weight discarded.", d.Path, why))
		return true
	})
	return warnings
}

// fitSystemd checks that systemd runs (sd_booted(3)) and that the parent is a
// slice.
func fitSystemd(h *record.Host) (err error) {
	if !systemd.Booted() {
		return errs.New(errs.Unsupported, "--cgroup-manager systemd: systemd does not run on this host: use cgroupfs")
	}
	if h.CgroupParent != "" {
		h.CgroupParent, err = spec.CheckSlice(h.CgroupParent)
	}
	return err
}
