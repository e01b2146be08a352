package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func unmountCommand() *cli.Command {
	return &cli.Command{
		Name:      "unmount",
		Aliases:   []string{"umount"},
		Usage:     "unmount images, and print their folders",
		ArgsUsage: "IMAGE|FOLDER…",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all of them"}},
		Action:    unmountImages,
	}
}

func unmountImages(c *cli.Context) error {
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	if c.Bool("all") {
		if _, err := cmd.Args(c, 0, 0); err != nil {
			return err
		}
		folders, err := m.UnmountAll(c.Context)
		for _, f := range folders {
			fmt.Fprintln(c.App.Writer, f)
		}
		return err
	}
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	return cmd.EachLine(c, targets, func(t string) (string, error) {
		folders, err := m.Unmount(c.Context, t)
		return strings.Join(folders, "\n"), err
	})
}
