package main

import "github.com/urfave/cli/v2"

// snapshot keeps what volumes had.
func snapshot() *cli.Command {
	return &cli.Command{
		Name:        "snapshot",
		Usage:       "have a CSI driver keep what a volume has now, for new volumes to be made of",
		Subcommands: []*cli.Command{snapshotCreate(), snapshotLs(), snapshotRm()},
	}
}
