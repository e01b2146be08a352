package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

// completer names what a shell may complete: containers, images, networks,
// volumes and the words of flags that have few.
func completer() cmd.Completer {
	return cmd.Completer{Targets: targets, Values: values}
}

// completeTime bounds a look at the images: somebody waits at a prompt.
const completeTime = 2 * time.Second

func targets(c *cli.Context, verb string) []string {
	switch verb {
	case "run", "create":
		return imageNames(c)
	case "cp":
		names := containerNames(c)
		for i := range names {
			names[i] += ":/"
		}
		return names
	case "completion":
		return []string{"bash", "zsh", "fish"}
	case "secret inspect", "secret rm":
		return secretNames(c)
	case "secret ls", "secret create":
		return nil
	case "engine":
		return []string{"start", "stop", "status"}
	case "version", "info", "gc", "prune", "events", "restore":
		return nil
	}
	return containerNames(c)
}

func imageNames(c *cli.Context) []string {
	m, err := manager(c)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.Context, completeTime)
	defer cancel()
	return m.ImageNames(ctx)
}

func values(c *cli.Context, flag string) []string {
	switch flag {
	case "image":
		return imageNames(c)
	case "network":
		return append([]string{"bridge", "none", "host"}, networkNames(c)...)
	case "volumes-from", "link":
		return containerNames(c)
	case "volume":
		return volumeNames(c)
	case "secret":
		return secretNames(c)
	case "attach":
		return []string{"stdin", "stdout", "stderr"}
	case "condition":
		return container.WaitConditions()
	case "sort":
		return container.SortWords()
	case "health-on-failure":
		return []string{"none", "kill", "restart", "stop"}
	case "as":
		return []string{"sh", "systemd"}
	case "restart":
		return []string{"no", "always", "unless-stopped", "on-failure"}
	case "pull":
		return []string{"always", "missing", "never"}
	case "log-driver":
		return []string{"json-file", "journald", "syslog", "none"}
	case "on-client-exit":
		return []string{"kill", "stop", "keep"}
	case "pid", "uts", "userns":
		return []string{"host", "private"}
	case "ipc":
		return []string{"private", "shareable", "none", "host"}
	case "cgroupns":
		return []string{"private", "host"}
	case "signal", "stop-signal":
		return []string{"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "CONT", "STOP", "WINCH"}
	}
	return nil
}

func containerNames(c *cli.Context) []string {
	s, err := cmd.Store(c)
	if err != nil {
		return nil
	}
	names, err := s.Names()
	if err != nil {
		return nil
	}
	var out []string
	for name := range names {
		out = append(out, name)
	}
	return out
}

func secretNames(c *cli.Context) []string {
	s, err := cmd.Store(c)
	if err != nil {
		return nil
	}
	names, _ := s.SecretNames() // none is no help, and no harm
	return names
}

func networkNames(c *cli.Context) []string {
	s, err := cmd.Store(c)
	if err != nil {
		return nil
	}
	names, _ := s.NetworkNames() // none is no help, and no harm
	return names
}

func volumeNames(c *cli.Context) []string {
	s, err := cmd.Store(c)
	if err != nil {
		return nil
	}
	names, _ := s.VolumeNames() // none is no help, and no harm
	return names
}
