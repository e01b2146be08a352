package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

// completer names volumes.
func completer() cmd.Completer {
	return cmd.Completer{Targets: func(c *cli.Context, verb string) []string {
		s, err := cmd.Store(c)
		if err != nil || verb == "create" {
			return nil
		}
		names, _ := s.VolumeNames() // none is no help, and no harm
		return names
	}}
}
