// Pouch-net makes, lists and removes networks, and joins network namespaces to
// them.
package main

import "github.com/pouchcontainer/pouch/pkg/cmd"

func main() {
	cmd.Main("pouch-net", "manage networks of containers and of other network namespaces", completer(),
		create(), ls(), inspect(), rm(), connect(), disconnect(), attach(), detach(), execVerb(), reload(), foreign())
}
