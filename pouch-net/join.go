package main

import (
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// joinFlags are what can be asked of a network that is joined; but for gw-priority
// and the rates the names are docker's.
func joinFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ip", Usage: "IPv4 `ADDRESS`"},
		&cli.StringFlag{Name: "ip6", Usage: "IPv6 `ADDRESS`"},
		&cli.StringFlag{Name: "mac-address", Usage: "MAC `ADDRESS`"},
		&cli.StringSliceFlag{Name: "alias", Usage: "a further `NAME` for the other members"},
		&cli.StringSliceFlag{Name: "link-local-ip", Usage: "further `ADDRESS` of the link alone"},
		&cli.IntFlag{Name: "gw-priority", Usage: "`NUMBER`: the network of the greatest one gives the default route"},
		&cli.StringFlag{Name: "ingress-rate", Usage: "bits a second that go in at most, `RATE` as 10mbit"},
		&cli.StringFlag{Name: "ingress-burst", Usage: "`SIZE` that may go in at once beyond that"},
		&cli.StringFlag{Name: "egress-rate", Usage: "bits a second that come out at most, `RATE`"},
		&cli.StringFlag{Name: "egress-burst", Usage: "`SIZE` that may come out at once beyond that"},
		&cli.StringSliceFlag{Name: "driver-opt", Usage: "option of the driver, `KEY=VALUE`"},
	}
}

// readJoin reads joinFlags as --network of pouch-run reads its fields.
func readJoin(c *cli.Context, network string) (record.Join, error) {
	j := record.Join{Network: network}
	field := func(flag, value string) error {
		if err := parse.JoinField(&j, flag, value); err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
		return nil
	}
	for _, flag := range []string{"ip", "ip6", "mac-address", "ingress-rate", "ingress-burst", "egress-rate", "egress-burst"} {
		if v := c.String(flag); v != "" {
			if err := field(flag, v); err != nil {
				return j, err
			}
		}
	}
	for _, flag := range []string{"link-local-ip", "driver-opt"} {
		for _, v := range c.StringSlice(flag) {
			if err := field(flag, v); err != nil {
				return j, err
			}
		}
	}
	j.Aliases = c.StringSlice("alias") // Attach checks them
	return j, field("gw-priority", strconv.Itoa(c.Int("gw-priority")))
}
