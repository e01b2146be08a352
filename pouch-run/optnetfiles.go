package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// netFileFlags are about /etc/hosts and /etc/resolv.conf.
func netFileFlags() []cli.Flag {
	return []cli.Flag{
		list("add-host", "line of /etc/hosts: `NAME:ADDRESS`, or NAME:host-gateway"),
		list("dns", "`ADDRESS` of a name server"),
		list("dns-search", "`DOMAIN` to search names in"),
		list("dns-option", "`OPTION` of resolv.conf", "dns-opt"),
	}
}

// readNetFiles reads what goes to /etc/hosts and /etc/resolv.conf.
func readNetFiles(c *cli.Context, o *container.Options) error {
	h := &o.Host
	return firstError(
		collect(c, "add-host", &h.ExtraHosts, parse.ExtraHost),
		collect(c, "dns", &h.DNS, parse.DNSServer),
		collect(c, "dns-search", &h.DNSSearch, parse.DNSSearch),
		collect(c, "dns-option", &h.DNSOptions, parse.DNSOption),
	)
}
