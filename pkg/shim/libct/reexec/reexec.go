// Package reexec turns the running binary into libcontainer's init when
// libcontainer starts it anew as that. The main package of a program that uses
// libct imports it for its effect. It imports little else, because what a
// program initializes before it, every container and every exec pays for.
package reexec

import (
	"os"

	"github.com/opencontainers/runc/libcontainer"
	_ "github.com/opencontainers/runc/libcontainer/nsenter" // joins the namespaces before Go runs

	"github.com/pouchcontainer/pouch/pkg/proc"
)

func init() { //nolint:gochecknoinits // it runs as long as the process has one thread
	if len(os.Args) > 1 && os.Args[1] == "init" && os.Getenv("_LIBCONTAINER_INITPIPE") != "" {
		proc.CalmMonitor()
		proc.OwnSlack()     // the container's process has what this thread has
		libcontainer.Init() // does not return
	}
}
