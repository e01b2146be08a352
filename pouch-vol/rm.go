package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func rm() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove volumes that no container mounts, with their data",
		ArgsUsage: "VOLUME…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "every volume; those in use are refused"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "a missing volume is no error; remove one without a record too"},
		},
		Action: func(c *cli.Context) error {
			m, err := open(c)
			if err != nil {
				return err
			}
			targets, err := targets(c, m)
			if err != nil {
				return err
			}
			return cmd.Each(c, targets, func(name string) error {
				return m.Remove(c.Context, name, c.Bool("force"))
			})
		},
	}
}

// targets are the arguments, or with --all every volume; rm refuses those in use.
func targets(c *cli.Context, m *volume.Manager) ([]string, error) {
	if !c.Bool("all") {
		return cmd.Targets(c)
	}
	if c.NArg() > 0 {
		return nil, errs.New(errs.Invalid, "%s: --all and the names of volumes do not go together", c.Command.Name)
	}
	all, _, err := m.List()
	var out []string
	for _, v := range all {
		out = append(out, v.Name)
	}
	return out, err
}
