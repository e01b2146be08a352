package container

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/spec/hostfacts"
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
	return spec.Fit(&h.Resources, hostfacts.Kernel())
}

// fitSystemd checks that systemd runs (sd_booted(3)) and that the parent is a
// slice.
func fitSystemd(h *record.Host) (err error) {
	if fi, err := os.Lstat("/run/systemd/system"); err != nil || !fi.IsDir() {
		return errs.New(errs.Unsupported, "--cgroup-manager systemd: systemd does not run on this host: use cgroupfs")
	}
	if h.CgroupParent != "" {
		h.CgroupParent, err = spec.CheckSlice(h.CgroupParent)
	}
	return err
}
