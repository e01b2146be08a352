package main

import (
	"fmt"
	"net"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
)

// portRow is a published port as ports prints it.
type portRow struct {
	Host          string // address and port; * is every address
	HostIP        string
	HostPort      uint16
	Protocol      string
	Container     string
	ID            string
	Network       string
	Address       string
	ContainerPort uint16
	Pid           int
	Program       string
	Holder        string // pid and program; "rules" where no process holds it
}

func ports() *cli.Command {
	return &cli.Command{
		Name:        "ports",
		Usage:       "list published ports and who holds them",
		ArgsUsage:   "[NETWORK | CONTAINER]",
		Description: "HOLDER is the process that reserves the port on this host; \"rules\" for a pod of a CNI runtime, to which packet rules alone lead.",
		Flags:       cmd.ListFlags(),
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 0, 1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			target := ""
			if len(args) > 0 {
				target = args[0]
			}
			ps, err := m.Published(target)
			if err != nil {
				return err
			}
			return cmd.List(c, cmd.Listing{
				Table: "{{.Host}}\t{{.Protocol}}\t{{.Container}}\t{{.Address}}\t{{.Network}}\t{{.Holder}}",
				Quiet: "{{.Host}}/{{.Protocol}}",
			}, portRows(ps))
		},
	}
}

func portRows(ps []network.Published) []portRow {
	var out []portRow
	for _, p := range ps {
		r := portRow{
			HostIP: p.HostIP, HostPort: p.HostPort, Protocol: p.Protocol, Container: p.Container, ID: p.ID, Network: p.Network,
			Address: p.Address, ContainerPort: p.ContainerPort, Pid: p.Pid, Program: p.Program, Holder: "rules",
		}
		host := p.HostIP
		if host == "" {
			host = "*"
		}
		r.Host = net.JoinHostPort(host, strconv.Itoa(int(p.HostPort)))
		if p.Pid != 0 {
			r.Holder = fmt.Sprintf("%d (%s)", p.Pid, p.Program)
		}
		out = append(out, r)
	}
	return out
}
