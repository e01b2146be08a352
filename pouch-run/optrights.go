package main

import (
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// rightsFlags are capabilities and security options.
func rightsFlags() []cli.Flag {
	return []cli.Flag{
		list("cap-add", "add `CAPABILITY`, or ALL"),
		list("cap-drop", "take `CAPABILITY` away, or ALL"),
		flag("privileged", "all capabilities and devices, no seccomp filter and no masked path"),
		list("security-opt", "`OPTION`: seccomp=FILE|unconfined, no-new-privileges, systempaths=unconfined, apparmor=PROFILE|unconfined, label=…, mask=PATH, unmask=PATH|ALL"),
	}
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
	h.AppArmor, h.SELinux, h.MaskPaths, h.UnmaskPaths = s.AppArmor, s.SELinux, s.Mask, s.Unmask
	return err
}

// readProfile reads a seccomp profile, at most a byte more than is allowed. What
// begins as JSON is the profile itself.
func readProfile(name string) ([]byte, error) {
	if strings.HasPrefix(name, "{") {
		return []byte(name), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, parse.MaxSeccomp+1))
}
