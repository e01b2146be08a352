package main

import (
	"reflect"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// networkFlags are the networks to join and the ports to publish.
func networkFlags() []cli.Flag {
	return []cli.Flag{
		list("network", "`NETWORK`: bridge, none, host, container:NAME, ns:PATH, cni:NAME or a network, NAME or name=NAME and of these: alias=A, ip=ADDRESS, ip6=ADDRESS, mac-address=ADDRESS, interface-name=NAME, gw-priority=N, link-local-ip=ADDRESS, ingress-rate=RATE, egress-rate=RATE, driver-opt=KEY=VALUE; NAME:ip=ADDRESS,… too", "net"),
		list("network-alias", "further `NAME` of the container on its network", "net-alias"),
		text("ip", "IPv4 `ADDRESS` on the network"),
		text("ip6", "IPv6 `ADDRESS` on the network"),
		text("mac-address", "MAC `ADDRESS` on the network"),
		list("link-local-ip", "further `ADDRESS` on the network, of the link alone"),
		list("publish", "publish a port or a range on the host: `[[IP:][HOST]:]PORT[/PROTOCOL]`", "p"),
		flag("publish-all", "publish all exposed ports, on ports of the kernel's choice", "P"),
		list("expose", "expose a port or a range: `PORT[/PROTOCOL]`"),
	}
}

// readNetwork reads the networks to join and the ports to publish. The flags
// without a network's name are about the first one.
func readNetwork(c *cli.Context, o *container.Options) error {
	names := c.StringSlice("network")
	if len(names) == 0 {
		names = []string{"bridge"}
	}
	for i, s := range names {
		mode, join, err := parse.Network(s)
		if err != nil {
			return err
		}
		if i == 0 {
			o.NetworkMode = mode
		}
		if len(names) > 1 && (join == nil || mode == "bridge") {
			return errs.New(errs.Invalid, "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
		}
		if join == nil {
			continue
		}
		if slices.ContainsFunc(o.Networks, func(j record.Join) bool { return j.Network == mode }) {
			return errs.New(errs.Invalid, "network %q is specified multiple times", mode)
		}
		o.Networks = append(o.Networks, *join)
	}
	if err := firstJoin(c, o); err != nil {
		return err
	}
	return firstError(
		eachPort(c, "publish", &o.Ports, parse.Ports),
		eachPort(c, "expose", &o.Exposed, parse.Expose),
		samePort(o.Ports),
	)
}

// firstJoin applies --network-alias, --ip, --ip6, --mac-address and --link-local-ip.
func firstJoin(c *cli.Context, o *container.Options) error {
	var j record.Join
	err := firstError(
		collect(c, "network-alias", &j.Aliases, parse.Hostname),
		set(c, "ip", &j.IPv4, parse.IPv4),
		set(c, "ip6", &j.IPv6, parse.IPv6),
		set(c, "mac-address", &j.MAC, parse.MAC),
		collect(c, "link-local-ip", &j.LinkLocal, parse.IP),
	)
	if err != nil || reflect.DeepEqual(j, record.Join{}) {
		return err
	}
	if len(o.Networks) == 0 {
		return errs.New(errs.Invalid, "conflicting options: network mode %s has no address, alias or mac-address", o.NetworkMode)
	}
	n := &o.Networks[0]
	if len(j.Aliases) > 0 && n.Network == "bridge" {
		return errs.New(errs.Invalid, "network-scoped aliases are only supported for user-defined networks")
	}
	if len(j.Aliases) > 0 {
		if len(n.Aliases) > 0 {
			return errs.New(errs.Invalid, "conflicting options: cannot specify both --network-alias and per-network alias")
		}
		n.Aliases = j.Aliases
	}
	n.LinkLocal = append(n.LinkLocal, j.LinkLocal...)
	return firstError(
		override("--ip", "IPv4 address", &n.IPv4, j.IPv4),
		override("--ip6", "IPv6 address", &n.IPv6, j.IPv6),
		override("--mac-address", "MAC address", &n.MAC, j.MAC),
	)
}

func override(flag, what string, to *string, val string) error {
	if val == "" {
		return nil
	}
	if *to != "" {
		return errs.New(errs.Invalid, "conflicting options: cannot specify both %s and per-network %s", flag, what)
	}
	*to = val
	return nil
}

func eachPort(c *cli.Context, flag string, to *[]record.Port, read func(string) ([]record.Port, error)) error {
	return each(c, flag, func(s string) error {
		got, err := read(s)
		*to = append(*to, got...)
		return err
	})
}

// samePort refuses one host port for two of the container's.
func samePort(ports []record.Port) error {
	for i, p := range ports {
		for _, q := range ports[:i] {
			if p.HostPort != 0 && p.HostPortEnd == 0 && q.HostPortEnd == 0 && p.HostPort == q.HostPort && p.Protocol == q.Protocol && p.HostIP == q.HostIP {
				return errs.New(errs.Invalid, "publish %d/%s: given twice on the host", p.HostPort, p.Protocol)
			}
		}
	}
	return nil
}
