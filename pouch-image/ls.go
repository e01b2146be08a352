package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

func lsCommand() *cli.Command {
	return &cli.Command{
		Name:      "ls",
		Aliases:   []string{"images", "list"},
		Usage:     "list images",
		ArgsUsage: "[REPOSITORY[:TAG]]",
		Flags: append(cmd.ListFlags(),
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "accepted for docker's sake: nothing is hidden"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "show ids in full"},
			&cli.BoolFlag{Name: "digests", Usage: "show digests"},
			&cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "`KEY=VALUE` of reference, label, dangling, before, since, until; the same key again: either, another key: both"},
		),
		Action: ls,
	}
}

// row is an image in the list, in docker's words.
type row struct {
	Repository, Tag, Digest, ID, CreatedSince, CreatedAt, Size string
}

func ls(c *cli.Context) error {
	args, err := cmd.Args(c, 0, 1)
	if err != nil {
		return err
	}
	if _, err := image.Filter(nil, c.StringSlice("filter")); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	list, err := m.List(c.Context, func(name string, err error) {
		cmd.Warn(c, fmt.Errorf("image %s is left out: %w", imageref.Familiar(name), err))
	})
	if err != nil {
		return err
	}
	if len(args) == 1 {
		list = image.OfRepository(list, args[0])
	}
	if list, err = image.Filter(list, c.StringSlice("filter")); err != nil {
		return err
	}
	rows := make([]row, len(list))
	for i, e := range list {
		rows[i] = rowOf(e, c.Bool("no-trunc"))
	}
	columns := "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
	if c.Bool("digests") {
		columns = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
	}
	return cmd.List(c, cmd.Listing{
		Table: columns, Quiet: "{{.ID}}", Headings: map[string]string{"ID": "IMAGE ID", "CreatedSince": "CREATED"},
	}, rows)
}

func rowOf(e image.Entry, full bool) row {
	r := row{
		Repository: orNone(e.Repository), Tag: orNone(e.Tag), Digest: e.Digest.String(), ID: e.ID.String(),
		CreatedSince: cmd.Ago(e.Created), CreatedAt: "N/A", Size: cmd.HumanSize(e.Size),
	}
	if !e.Created.IsZero() {
		r.CreatedAt = e.Created.UTC().Format("2006-01-02 15:04:05 -0700 MST")
	}
	if !full {
		r.ID = cmd.ShortID(r.ID)
	}
	return r
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
