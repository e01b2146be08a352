// Pouch-run runs containers and looks after them, one verb a file.
package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func main() {
	app := cmd.App("pouch-run", "run containers", verbs()...)
	app.Flags = append(app.Flags, addressFlag(), cgroupManagerFlag())
	cmd.Completing(app, completer())
	os.Exit(cmd.Run(cmd.Argv(os.Args, app.Flags, app.Commands, "run"), app))
}

func verbs() []*cli.Command {
	return []*cli.Command{
		cpCommand(), exportCommand(), diffCommand(), commitCommand(),
		runCommand(), createCommand(), startCommand(), stopCommand(), killCommand(), rmCommand(), psCommand(),
		inspectCommand(), logsCommand(), execCommand(), waitCommand(), restartCommand(), pauseCommand(), unpauseCommand(), eventsCommand(), healthcheckCommand(), whyCommand(),
		renameCommand(), updateCommand(), portCommand(), topCommand(), statsCommand(), attachCommand(), pruneCommand(), versionCommand(), infoCommand(), gcCommand(), restoreCommand(), checkpointCommand(), engineCommand(), secretCommand(),
	}
}
