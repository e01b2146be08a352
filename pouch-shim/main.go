// Command pouch-shim supervises containers; pouch-run and
// containerd-shim-pouch-v2 start it.
package main

import (
	"os"
	"runtime"

	"github.com/pouchcontainer/pouch/pkg/container"
	_ "github.com/pouchcontainer/pouch/pkg/shim/libct/reexec" // first: it is the container's init, too
	"github.com/pouchcontainer/pouch/pkg/shim/supervisor"
)

// The leader thread never runs another goroutine: see supervisor.Main.
func init() { runtime.LockOSThread() } //nolint:gochecknoinits // main may run on another thread

func main() { os.Exit(supervisor.Main(os.Args, container.Last)) }
