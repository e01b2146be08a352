package main

import (
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "list the steps that made an image, the newest first",
		ArgsUsage: "IMAGE",
		Flags: append(cmd.ListFlags(),
			&cli.BoolFlag{Name: "human", Aliases: []string{"H"}, Value: true, Usage: "sizes and times in words"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print whole commands and ids"},
		),
		Action: history,
	}
}

// step is a line of the list, in docker's words.
type step struct {
	ID, CreatedSince, CreatedAt, CreatedBy, Size, Comment string
}

// maxCreatedBy is docker's width of the column.
const maxCreatedBy = 45

func history(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	steps, err := m.History(c.Context, args[0])
	if err != nil {
		return err
	}
	rows := make([]step, len(steps))
	for i, s := range steps {
		rows[i] = stepOf(c, s)
	}
	created := "{{.CreatedSince}}"
	if !c.Bool("human") {
		created = "{{.CreatedAt}}"
	}
	return cmd.List(c, cmd.Listing{
		Table: "{{.ID}}\t" + created + "\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}", Quiet: "{{.ID}}",
		Headings: map[string]string{"ID": "LAYER", "CreatedSince": "CREATED", "CreatedBy": "CREATED BY"},
	}, rows)
}

func stepOf(c *cli.Context, s image.Step) step {
	out := step{ID: "<none>", CreatedSince: cmd.Ago(s.Created), CreatedBy: s.CreatedBy, Size: strconv.FormatInt(s.Size, 10), Comment: s.Comment}
	if !s.Created.IsZero() {
		out.CreatedAt = s.Created.Format(time.RFC3339)
	}
	if c.Bool("human") {
		out.Size = cmd.HumanSize(s.Size)
	}
	whole := c.Bool("no-trunc")
	if s.Layer != "" {
		out.ID = s.Layer.String()
		if !whole {
			out.ID = cmd.ShortID(out.ID)
		}
	}
	if by := []rune(s.CreatedBy); len(by) > maxCreatedBy && !whole {
		out.CreatedBy = string(by[:maxCreatedBy-1]) + "…"
	}
	return out
}
