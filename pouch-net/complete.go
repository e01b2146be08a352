package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

// completer names networks; what follows one is a container's name or a path.
func completer() cmd.Completer {
	return cmd.Completer{Targets: func(c *cli.Context, verb string) []string {
		s, err := cmd.Store(c)
		if err != nil || verb == "create" {
			return nil
		}
		names, _ := s.NetworkNames() // none is no help, and no harm
		if verb != "connect" && verb != "disconnect" {
			return names
		}
		containers, _ := s.Names() // as above
		for name := range containers {
			names = append(names, name)
		}
		return names
	}}
}
