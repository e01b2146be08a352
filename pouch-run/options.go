package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// optionGroup is flags of run and create and what reads them: one file each.
type optionGroup struct {
	flags func() []cli.Flag
	read  func(*cli.Context, *container.Options) error
}

func optionGroups() []optionGroup {
	return []optionGroup{
		{attachFlags, readAttach},
		{envFlags, readEnv},
		{processFlags, readProcess},
		{identityFlags, readIdentity},
		{policyFlags, readPolicy},
		{unitFlags, readUnit},
		{preserveFlags, readPreserve},
		{healthFlags, readHealth},
		{pullFlags, readPull},
		{logFlags, readLog},
		{networkFlags, readNetwork},
		{netFileFlags, readNetFiles},
		{mountFlags, readMounts},
		{deviceFlags, readDevices},
		{secretFlags, readSecrets},
		{rightsFlags, readRights},
		{limitFlags, readLimits},
		{cpuFlags, readCPU},
		{blkioFlags, readBlkio},
		{namespaceFlags, readNamespaces},
		{initFlags, readInit},
		{richFlags, readRich},
		{lxcfsFlags, readLxcfs},
		{rootfsFlags, readRootfs},
		{diskQuotaFlags, readDiskQuota},
		{cgroupFlags, readCgroup}, // after all limits
	}
}

// containerFlags are the flags of run and create, docker's names and meanings.
func containerFlags() []cli.Flag {
	var out []cli.Flag
	for _, g := range optionGroups() {
		out = append(out, g.flags()...)
	}
	return out
}

// options reads the flags and words of run and create. Errors are of kind
// invalid, unsupported or, for a cidfile that exists, conflict.
func options(c *cli.Context) (*container.Options, error) {
	args, err := cmd.Args(c, 1, -1)
	if err != nil {
		return nil, err
	}
	if err := cmd.UTF8(c, "cidfile", "env-file", "label-file", "authfile", "cert-dir"); err != nil {
		return nil, err
	}
	o := &container.Options{
		Image: args[0], CIDFile: c.String("cidfile"), Runtime: c.String("runtime"),
		Detach: c.Bool("detach"), SigProxy: c.Bool("sig-proxy"), PublishAll: c.Bool("publish-all"),
	}
	o.Process.Cmd = args[1:]
	for _, g := range optionGroups() {
		if err := g.read(c, o); err != nil {
			return nil, err
		}
	}
	return o, conflicts(o)
}

// conflicts refuses flags that contradict each other, in docker's words.
func conflicts(o *container.Options) error {
	restarts := o.Policy.Restart.Name != "" && o.Policy.Restart.Name != "no"
	switch {
	case len(o.Attach) > 0 && o.Detach:
		return errs.New(errs.Invalid, "conflicting options: cannot specify both --attach and --detach")
	case o.Policy.AutoRemove && restarts:
		return errs.New(errs.Invalid, "conflicting options: cannot specify both --restart and --rm")
	case o.Image == "" && o.Rootfs == "":
		return errs.New(errs.Invalid, "invalid reference format: the image's name is empty")
	}
	return nil
}

// each reads every value of a list flag.
func each(c *cli.Context, flag string, read func(string) error) error {
	for _, v := range c.StringSlice(flag) {
		if err := read(v); err != nil {
			return flagged(flag, v, err)
		}
	}
	return nil
}

// flagged names the flag in an error whose text does not.
func flagged(flag, value string, err error) error {
	if err == nil || strings.Contains(err.Error(), flag) {
		return err
	}
	return fmt.Errorf("invalid argument %q for --%s: %w", value, flag, err)
}

// collect reads every value of a list flag into *to.
func collect[T any](c *cli.Context, flag string, to *[]T, read func(string) (T, error)) error {
	return each(c, flag, func(s string) error {
		v, err := read(s)
		*to = append(*to, v)
		return err
	})
}

// set reads a text flag that is given and not empty into *to.
func set[T any](c *cli.Context, flag string, to *T, read func(string) (T, error)) (err error) {
	if s := c.String(flag); s != "" {
		*to, err = read(s)
		err = flagged(flag, s, err)
	}
	return err
}

// oneOf accepts the given words.
func oneOf(flag string, words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if slices.Contains(words, s) {
			return s, nil
		}
		return "", errs.New(errs.Invalid, "invalid argument %q for --%s: one of %q", s, flag, words)
	}
}

// firstError is for readers that stand in a row and do not depend on each other.
func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
