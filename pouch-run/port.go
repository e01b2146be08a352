package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func portCommand() *cli.Command {
	return &cli.Command{
		Name:        "port",
		Usage:       "list the published ports of a container",
		ArgsUsage:   "CONTAINER [PORT[/PROTOCOL]]",
		Description: "With a port of the container only the places on the host where that is published are printed.",
		Action:      port,
	}
}

func port(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 2)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	ports, err := m.Ports(c.Context, args[0])
	if err != nil {
		return err
	}
	if len(args) == 1 {
		for _, p := range ports {
			for _, place := range places(p) {
				fmt.Fprintf(c.App.Writer, "%d/%s -> %s\n", p.ContainerPort, p.Protocol, place)
			}
		}
		return nil
	}
	return portOf(c, ports, args[0], args[1])
}

// portOf prints where one port is published.
func portOf(c *cli.Context, ports []record.Port, target, word string) error {
	want, err := parse.Expose(word)
	if err != nil || len(want) != 1 {
		return errs.New(errs.Invalid, "port %q: not PORT or PORT/PROTOCOL", word)
	}
	found := false
	for _, p := range ports {
		if p.ContainerPort != want[0].ContainerPort || p.Protocol != want[0].Protocol {
			continue
		}
		found = true
		fmt.Fprintln(c.App.Writer, strings.Join(places(p), "\n"))
	}
	if !found {
		return errs.New(errs.NotFound, "No public port '%s' published for %s", word, target)
	}
	return nil
}

// places are the addresses on the host of one published port; without an
// address it is there for IPv4 and IPv6.
func places(p record.Port) []string {
	number := strconv.Itoa(int(p.HostPort))
	if p.HostIP == "" {
		return []string{net.JoinHostPort("0.0.0.0", number), net.JoinHostPort("::", number)}
	}
	return []string{net.JoinHostPort(p.HostIP, number)}
}
