// Pouch-net makes, lists and removes networks, and joins network namespaces to
// them.
package main

import (
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func main() {
	if filepath.Base(os.Args[0]) == pluginName { // a CNI runtime calls
		os.Exit(plugin())
	}
	cmd.Main("pouch-net", "manage networks of containers and of other network namespaces", completer(),
		create(), ls(), inspect(), rm(), connect(), disconnect(), attach(), detach(), execVerb(), peers(), ports(), why(), check(), dnsVerb(), prune(), exists(), reload(), update(), foreign())
}
