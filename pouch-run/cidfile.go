package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// cidFileFlag is podman's for verbs on containers.
func cidFileFlag() cli.Flag {
	return list("cidfile", "also the container whose id is in `FILE`, as run --cidfile wrote it")
}

// targetsOrFiles are the arguments, as of cmd.Targets, and the ids in the files
// of --cidfile; one of both must be there.
func targetsOrFiles(c *cli.Context) ([]string, error) {
	var out []string
	for _, name := range c.StringSlice("cidfile") {
		data, err := fsx.ReadAtMost(name, 4096)
		if err != nil {
			return nil, errs.New(errs.Invalid, "--cidfile: %w", err)
		}
		id := strings.TrimSpace(string(data))
		if id == "" || strings.ContainsAny(id, " \n") {
			return nil, errs.New(errs.Invalid, "--cidfile %s: there is no container's id in it", name)
		}
		out = append(out, id)
	}
	if len(out) > 0 && c.NArg() == 0 {
		return out, nil
	}
	args, err := cmd.Targets(c)
	return append(out, args...), err
}
