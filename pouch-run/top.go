package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func topCommand() *cli.Command {
	return &cli.Command{
		Name:        "top",
		Usage:       "list the processes of a container",
		ArgsUsage:   "[-o LIST] CONTAINER [PS OPTIONS]",
		Description: "The pids are the host's. Of ps' options -ef, aux, -o LIST and what selects processes are understood. Columns: " + strings.Join(columnNames(), ", ") + ".",
		Args:        true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "columns", Aliases: []string{"o"}, Value: fullColumns, Usage: "`LIST` of columns, as of ps -o"},
		},
		Action: top,
	}
}

func top(c *cli.Context) error {
	args, err := cmd.Args(c, 1, -1)
	if err != nil {
		return err
	}
	names, err := topOptions(args[1:], c.String("columns"))
	if err != nil {
		return err
	}
	cols, err := columns(names)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	list, err := m.Top(c.Context, args[0])
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 3, ' ', 0)
	for i, col := range cols {
		fmt.Fprint(w, sep(i), strings.ToUpper(col.name))
	}
	fmt.Fprintln(w)
	for _, p := range list {
		for i, col := range cols {
			fmt.Fprint(w, sep(i), cmd.OneLine(col.of(p)))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func sep(i int) string {
	if i == 0 {
		return ""
	}
	return "\t"
}
