package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// unitFlags say what a service manager is told.
func unitFlags() []cli.Flag {
	return []cli.Flag{
		text("sdnotify", "`WHO` tells the service manager (NOTIFY_SOCKET) READY=1: engine when the container runs, container by itself, healthy its health check, ignore nobody (default: engine)"),
	}
}

// readUnit reads what a service manager is told. conmon is podman's word for
// engine.
func readUnit(c *cli.Context, o *container.Options) error {
	read := oneOf("sdnotify", record.SdnotifyEngine, "conmon", record.SdnotifyContainer, record.SdnotifyHealthy, record.SdnotifyIgnore)
	if err := set(c, "sdnotify", &o.Policy.Sdnotify, read); err != nil {
		return err
	}
	if o.Policy.Sdnotify == "conmon" {
		o.Policy.Sdnotify = record.SdnotifyEngine
	}
	return nil
}
