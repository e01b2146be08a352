package main

import (
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func searchCommand() *cli.Command {
	return &cli.Command{
		Name:        "search",
		Usage:       "search a registry for repositories",
		ArgsUsage:   "[REGISTRY/]WORD",
		Description: "Without a registry Docker Hub is asked. Registries that have no search tell their whole catalog.",
		Flags: append(append(askFlags(), cmd.ListFlags()...),
			&cli.IntFlag{Name: "limit", Value: 25, Usage: "print `N` at most"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print whole descriptions"},
		),
		Action: search,
	}
}

// searchRow is a repository as docker's search prints it.
type searchRow struct {
	Index, Name, Description, StarCount, IsOfficial string
}

// maxDescription is docker's width of the column.
const maxDescription = 45

func search(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	found, err := registry.Search(ctx, args[0], max(1, c.Int("limit")), registryOptions(c))
	if err != nil {
		return err
	}
	rows := make([]searchRow, len(found))
	for i, f := range found {
		rows[i] = searchRow{Index: f.Index, Name: f.Name, Description: f.Description, StarCount: strconv.Itoa(f.Stars)}
		if f.Official {
			rows[i].IsOfficial = "[OK]"
		}
		if d := []rune(f.Description); len(d) > maxDescription && !c.Bool("no-trunc") {
			rows[i].Description = string(d[:maxDescription-1]) + "…"
		}
	}
	return cmd.List(c, cmd.Listing{
		Table: "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}", Quiet: "{{.Name}}",
		Headings: map[string]string{"StarCount": "STARS", "IsOfficial": "OFFICIAL"},
	}, rows)
}
