// Pouch-vol makes, lists and removes volumes.
package main

import "github.com/pouchcontainer/pouch/pkg/cmd"

func main() {
	cmd.Main("pouch-vol", "manage volumes", completer(),
		create(), ls(), inspect(), rm(), prune(), drive(), drivers(), capacity(), resize(), snapshot(),
		export(), importCommand(), mountCommand(), unmount(), du(), exists(), lxcfsCommand())
}
