package main

import (
	"encoding/json"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
)

// dryRunFlag is of run and create.
func dryRunFlag() cli.Flag {
	return flag("dry-run", "print as JSON what would be made, and make nothing")
}

// dryRun prints the plan of o.
func dryRun(c *cli.Context, m *container.Manager, o *container.Options) error {
	p, err := m.DryRun(c.Context, o)
	if err != nil {
		return err
	}
	e := json.NewEncoder(c.App.Writer)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(p)
}
