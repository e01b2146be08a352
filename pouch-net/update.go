package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func update() *cli.Command {
	return &cli.Command{
		Name:      "update",
		Usage:     "change networks that are in use, at once",
		ArgsUsage: "NETWORK…",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "dns-add", Usage: "one more server of names for the members, `ADDRESS`"},
			&cli.StringSliceFlag{Name: "dns-drop", Usage: "one less, `ADDRESS`"},
			&cli.StringSliceFlag{Name: "label-add", Usage: "label `KEY[=VALUE]`"},
			&cli.StringSliceFlag{Name: "label-rm", Usage: "`KEY` of a label that goes"},
			&cli.StringSliceFlag{Name: "opt", Aliases: []string{"o"}, Usage: "option of a bridge, `KEY=VALUE`; KEY= takes it away"},
		},
		Description: "Of the options those can change that do not make another link: icc, isolate, masquerade, gateway modes, dns, host_binding, rates. " +
			"The last two are those of who joins from now on.",
		Action: func(c *cli.Context) error {
			o := network.UpdateOpts{AddDNS: listed(c, "dns-add"), DropDNS: listed(c, "dns-drop"), DropLabels: c.StringSlice("label-rm")}
			var err error
			if o.Labels, err = parse.Labels(c.StringSlice("label-add")); err != nil {
				return fmt.Errorf("--label-add: %w", err)
			}
			if o.Options, err = parse.Labels(c.StringSlice("opt")); err != nil {
				return fmt.Errorf("--opt: %w", err)
			}
			targets, err := cmd.Targets(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			return cmd.Each(c, targets, func(t string) error { return m.Update(c.Context, t, o) })
		},
	}
}

// listed are the values of a flag that may be given again, or have commas (podman's).
func listed(c *cli.Context, flag string) []string {
	var out []string
	for _, v := range c.StringSlice(flag) {
		out = append(out, strings.Split(v, ",")...)
	}
	return out
}
