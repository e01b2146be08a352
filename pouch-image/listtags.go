package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func listTagsCommand() *cli.Command {
	return &cli.Command{
		Name:      "list-tags",
		Usage:     "list the tags of a repository of a registry, one a line",
		ArgsUsage: "[docker://]NAME",
		Flags: append(askFlags(),
			&cli.StringFlag{Name: "format", Usage: "json: one object with Repository and Tags, as skopeo prints it"},
		),
		Action: listTags,
	}
}

// askFlags are for verbs that ask a registry and wait for its answer.
func askFlags() []cli.Flag {
	return append(registryFlags(),
		&cli.IntFlag{Name: "retry", Aliases: []string{"retry-times"}, Value: 2, Usage: "try again `N` times after a failure that may pass"},
		&cli.DurationFlag{Name: "retry-delay", Usage: "`TIME` before each further try, as 5s", DefaultText: "1s, doubling"},
		&cli.DurationFlag{Name: "deadline", Usage: "give up after this `TIME`, as 1m"},
	)
}

func listTags(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	repository, tags, err := registry.Tags(ctx, args[0], registryOptions(c))
	if err != nil {
		return err
	}
	if c.String("format") == "json" {
		return printJSON(c, struct {
			Repository string
			Tags       []string
		}{repository, tags})
	}
	for _, t := range tags {
		fmt.Fprintln(c.App.Writer, t)
	}
	return nil
}
