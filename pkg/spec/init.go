package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// initTarget is where a container with --init has its process 1, docker's place.
const initTarget = "/sbin/docker-init"

// args is the command line of process 1: the container's, run by Pouch's init
// when it asks for one.
func args(c *record.Container) []string {
	own := c.Process.Args()
	if !c.Process.Init {
		return own
	}
	run := []string{initTarget, "--"}
	if c.Rich != nil {
		run = []string{initTarget, "-g", "--"} // as dumb-init, which is asked for by name
	}
	return append(run, own...)
}

// initMount binds the init; it comes last, as no other mount may hide it.
func initMount(h Host) []specs.Mount {
	if h.InitPath == "" {
		return nil
	}
	return []specs.Mount{{Destination: initTarget, Type: "bind", Source: h.InitPath, Options: []string{"bind", "rprivate", "ro", "nosuid", "nodev"}}}
}
