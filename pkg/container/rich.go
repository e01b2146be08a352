package container

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// planRich settles what a rich container's mode means for the rest of the record,
// before image and words are merged.
func planRich(c *record.Container, o *Options) error {
	if o.Rich == nil {
		return nil
	}
	c.Rich = o.Rich
	if err := checkInitScript(c.Rich.InitScript); err != nil {
		return err
	}
	if !spec.RichSystem(c) {
		o.Process.Init = true
		return nil
	}
	if o.Process.Init {
		return errs.New(errs.Invalid, "conflicting options: --init and --rich-mode %s: process 1 is the image's own init", c.Rich.Mode)
	}
	o.Process.NoCmd = true
	if c.Host.CgroupnsMode == "" {
		c.Host.CgroupnsMode = "private" // its cgroups are below its own
	}
	return nil
}

// checkInitScript refuses a script that would fail every start.
func checkInitScript(s string) error {
	words := strings.Fields(s)
	if len(words) == 0 {
		return nil
	}
	if !filepath.IsAbs(words[0]) {
		return errs.New(errs.Invalid, "--initscript %s: give the absolute path of a program on the host", s)
	}
	st, err := os.Stat(words[0])
	if err != nil {
		return errs.New(errs.Invalid, "--initscript: %w", err)
	}
	if !st.Mode().IsRegular() || st.Mode()&0o111 == 0 {
		return errs.New(errs.Invalid, "--initscript %s: it cannot be executed", words[0])
	}
	return nil
}
