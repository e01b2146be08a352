package main

import (
	"github.com/urfave/cli/v2"
)

// checkpointCommand has the checkpoints of containers: docker's spelling.
func checkpointCommand() *cli.Command {
	return &cli.Command{
		Name:  "checkpoint",
		Usage: "save the processes of a container to disk, to resume them later",
		Description: "Needs CRIU (criu.org). pouch-run start --checkpoint NAME continues one. A checkpoint holds the\n" +
			"container's memory, not its files: it is for the same container.",
		Subcommands: []*cli.Command{checkpointCreateCommand(), checkpointLsCommand(), checkpointRmCommand()},
	}
}

func checkpointDirFlag() cli.Flag {
	return text("checkpoint-dir", "`FOLDER` of the checkpoints (default: the container's own, which goes with it)")
}
