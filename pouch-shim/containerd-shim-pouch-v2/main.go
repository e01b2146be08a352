// Command containerd-shim-pouch-v2 starts pouch-shim for containerd's other
// clients: ctr, nerdctl, CRI. Its runtime name is io.containerd.pouch.v2.
package main

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/shim/starter"
)

func main() { os.Exit(starter.Main(os.Args)) }
