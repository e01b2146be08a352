// Pouch-image pulls, loads, saves and lists images, one verb a file.
package main

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func main() {
	app := cmd.App("pouch-image", "manage images", coded(
		pullCommand(), loadCommand(), saveCommand(), lsCommand(), inspectCommand(), rmCommand(), tagCommand(), copyCommand(), pushCommand(),
		historyCommand(), pruneCommand(), listTagsCommand(), deleteCommand(), searchCommand(), commitCommand(), loginCommand(), logoutCommand(),
		untagCommand(), existsCommand(), importCommand(), exportCommand(), mountCommand(), unmountCommand(), lockCommand(), resolveCommand(), fsckCommand(), signCommand(), verifyCommand(), newKeyCommand(), syncCommand(), convertCommand(),
	)...)
	app.Flags = append(app.Flags, engineFlags()...)
	cmd.Completing(app, completer())
	os.Exit(cmd.Run(cmd.Argv(os.Args, app.Flags, app.Commands, ""), app))
}
