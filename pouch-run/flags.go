package main

import (
	"github.com/urfave/cli/v2"
)

// runFlags are those of run beyond containerFlags.
func runFlags() []cli.Flag {
	return []cli.Flag{
		flag("detach", "run in the background and print the container's id", "d"),
		&cli.BoolFlag{Name: "sig-proxy", Value: true, Usage: "pass signals that the command gets on to the container"},
		&cli.StringFlag{Name: "on-client-exit", Usage: "`WHAT` happens to a foreground container when this command dies: kill, stop or keep (default: kill)"},
	}
}

func flag(name, usage string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Usage: usage, DisableDefaultText: true}
}

func text(name, usage string, aliases ...string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: aliases, Usage: usage}
}

// list is a flag that may be given again; blanks and commas stay as they are.
func list(name, usage string, aliases ...string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Aliases: aliases, Usage: usage, KeepSpace: true}
}
