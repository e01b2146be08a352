package main

import (
	"fmt"

	"github.com/opencontainers/go-digest"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func syncCommand() *cli.Command {
	flags := append(copyFlags(), progressFlags()...)
	flags = append(flags, sideFlags("src", "the source")...)
	flags = append(flags, sideFlags("dest", "the destination")...)
	return &cli.Command{
		Name:      "sync",
		Usage:     "copy many images between registries and folders; prints SOURCE DESTINATION DIGEST of each",
		ArgsUsage: "SOURCE DESTINATION",
		Description: "SOURCE is a repository (all tags of it, unless one is given), a folder that sync wrote, or a file in the form of\n" +
			"skopeo-sync(1). DESTINATION is a registry with or without a path, or a folder.",
		Flags: append(flags,
			&cli.StringFlag{Name: "src", Aliases: []string{"s"}, Required: true, Usage: "what SOURCE is: `KIND` docker, dir or yaml"},
			&cli.StringFlag{Name: "dest", Aliases: []string{"d"}, Required: true, Usage: "what DESTINATION is: `KIND` docker or dir"},
			&cli.BoolFlag{Name: "scoped", Usage: "keep the source's registry and path as part of the name"},
			&cli.StringFlag{Name: "append-suffix", Usage: "put `TEXT` at the end of each tag"},
			&cli.BoolFlag{Name: "keep-going", Usage: "go on with the others when an image fails; the exit code tells"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be copied"},
		),
		Action: syncImages,
	}
}

func syncImages(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	s := registry.Syncing{
		From: c.String("src"), To: c.String("dest"), Src: args[0], Dst: args[1], Scoped: c.Bool("scoped"),
		Suffix: c.String("append-suffix"), KeepGoing: c.Bool("keep-going"), SrcOpts: sideOptions(c, "src"), DstOpts: sideOptions(c, "dest"),
	}
	if s.CopyOptions, err = copyOptions(c); err != nil {
		return err
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	pairs, err := s.Pairs(ctx)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		for _, p := range pairs {
			fmt.Fprintln(c.App.Writer, p.Src, p.Dst)
		}
		return nil
	}
	tell, done, err := progressOf(c)
	if err != nil {
		return err
	}
	defer done()
	return s.Run(ctx, pairs, tell, func(p registry.Pair, d digest.Digest) { fmt.Fprintln(c.App.Writer, p.Src, p.Dst, d) })
}
