// Pouch-run runs containers and looks after them, one verb a file.
package main

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func main() {
	app := cmd.App("pouch-run", "run containers", append(verbs(), foreignCommands()...)...)
	app.Flags = append(app.Flags, addressFlag(), cgroupManagerFlag())
	cmd.Completing(app, completer())
	args := cmd.Argv(os.Args, app.Flags, app.Commands, "run")
	noteImplied(app, os.Args, args)
	os.Exit(cmd.Run(args, app))
}
