package main

import "github.com/urfave/cli/v2"

func verbs() []*cli.Command {
	return []*cli.Command{
		runCommand(), createCommand(), startCommand(), stopCommand(), restartCommand(), killCommand(), pauseCommand(), unpauseCommand(),
		rmCommand(), pruneCommand(), renameCommand(), updateCommand(), upgradeCommand(),
		psCommand(), inspectCommand(), logsCommand(), eventsCommand(), statsCommand(), topCommand(), portCommand(), whyCommand(), exportCmdCommand(),
		execCommand(), attachCommand(), waitCommand(), healthcheckCommand(),
		cpCommand(), exportCommand(), diffCommand(), commitCommand(), checkpointCommand(),
		secretCommand(), versionCommand(), infoCommand(), gcCommand(), restoreCommand(), engineCommand(),
	}
}
