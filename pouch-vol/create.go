package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func create() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "create a volume and print its name; an existing one is fine",
		ArgsUsage: "[VOLUME]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "driver", Aliases: []string{"d"}, Value: volume.Local, Usage: "`DRIVER` that keeps the data: local, csi:unix:///path, or a plugin of docker's"},
			&cli.StringSliceFlag{Name: "opt", Aliases: []string{"o"}, Usage: "option of the driver, `KEY=VALUE`: of local type, o, device; of csi: size, access, fstype, secret, param.KEY …"},
			&cli.StringSliceFlag{Name: "label", Aliases: []string{"l"}, Usage: "label `KEY[=VALUE]`"},
			&cli.BoolFlag{Name: "ignore", Usage: "an existing volume is fine whatever its driver and options are"},
			&cli.StringFlag{Name: "name", Hidden: true},
		},
		Action: func(c *cli.Context) error {
			if err := cmd.UTF8(c); err != nil {
				return err
			}
			o, err := createOptions(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			v, err := m.Create(c.Context, o)
			if errs.Is(err, errs.Conflict) && c.Bool("ignore") {
				fmt.Fprintln(c.App.Writer, o.Name)
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(c.App.Writer, v.Name)
			return nil
		},
	}
}

func createOptions(c *cli.Context) (o volume.CreateOptions, err error) {
	args, err := cmd.Args(c, 0, 1)
	if err != nil {
		return o, err
	}
	o.Name, o.Driver = c.String("name"), c.String("driver")
	if len(args) == 1 {
		if o.Name != "" {
			return o, errs.New(errs.Invalid, "conflicting options: cannot specify a volume-name through both --name and as a positional arg")
		}
		if o.Name = args[0]; o.Name == "" {
			return o, volume.CheckName("")
		}
	}
	if o.Options, err = parse.Labels(c.StringSlice("opt")); err != nil {
		return o, fmt.Errorf("--opt: %w", err)
	}
	o.Labels, err = parse.Labels(c.StringSlice("label"))
	return o, err
}
