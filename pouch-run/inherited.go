package main

import (
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// inherited is descriptor fd as the caller left it.
func inherited(c *cli.Context, fd int) (*os.File, error) {
	if !cmd.Inherited(c, fd) {
		return nil, errs.New(errs.Invalid, "descriptor %d is not open", fd)
	}
	return os.NewFile(uintptr(fd), "descriptor "+strconv.Itoa(fd)), nil
}
