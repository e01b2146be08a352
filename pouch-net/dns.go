package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/resolver"
)

func dnsVerb() *cli.Command {
	return &cli.Command{
		Name:  "dns",
		Usage: "resolvers of networks that were created with -o dns=true",
		Subcommands: []*cli.Command{
			{
				Name: "check", Usage: "ask the resolvers of networks for their health", ArgsUsage: "NETWORK…",
				Action: eachNetwork(func(c *cli.Context, m *network.Manager, t string) error {
					_, at, err := m.Resolver(t)
					if err != nil {
						return err
					}
					return resolver.Check(c.Context, at, 3*time.Second)
				}),
			},
			{
				Name: "start", Usage: "start the resolvers of networks; the next container that joins does that, too", ArgsUsage: "NETWORK…",
				Action: eachNetwork(func(c *cli.Context, m *network.Manager, t string) error { return m.StartResolver(c.Context, t) }),
			},
			{
				Name: "stop", Usage: "end the resolvers of networks, until the next container joins", ArgsUsage: "NETWORK…",
				Action: eachNetwork(func(c *cli.Context, m *network.Manager, t string) error {
					n, _, err := m.Resolver(t)
					if err != nil {
						return err
					}
					return m.StopResolver(c.Context, n.Name)
				}),
			},
			{Name: "serve", Usage: "answer questions", ArgsUsage: "NETWORK", Hidden: true, Action: dnsServe},
		},
	}
}

func eachNetwork(do func(*cli.Context, *network.Manager, string) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		targets, err := cmd.Targets(c)
		if err != nil {
			return err
		}
		m, err := open(c)
		if err != nil {
			return err
		}
		return cmd.Each(c, targets, func(t string) error { return do(c, m, t) })
	}
}

// dnsServe is the resolver itself, as network.StartResolver starts it: descriptor 3
// is its lock, and 4 is told how the start went.
func dnsServe(c *cli.Context) error {
	tell := os.NewFile(4, "start")
	err := answerQuestions(c, func() {
		fmt.Fprintln(tell, network.ResolverReady)
		tell.Close()
	})
	if err != nil {
		fmt.Fprintln(tell, cmd.OneLine(err.Error())) // fails once it has come up
	}
	return err
}

func answerQuestions(c *cli.Context, ready func()) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := open(c)
	if err != nil {
		return err
	}
	n, at, err := m.Resolver(args[0])
	if err != nil {
		return err
	}
	forget, err := m.OwnResolver(n.Name)
	if err != nil {
		return err
	}
	defer forget()
	ctx, end := context.WithCancel(c.Context)
	defer end()
	go func() { // whatever became of who removed the network
		for !m.Gone(n) && ctx.Err() == nil {
			time.Sleep(2 * time.Second)
		}
		end()
	}()
	s := &resolver.Server{Addr: at, Names: m.NamesOf(n), Upstream: hostServers}
	if n.Internal {
		s.Upstream = func() []netip.AddrPort { return nil } // no question leaves it (CVE-2024-29018)
	}
	return s.Serve(ctx, ready)
}

// hostServers are the resolvers of the host, read anew for each question: its
// network may be another one by now.
func hostServers() []netip.AddrPort {
	text, err := fsx.ReadAtMost("/etc/resolv.conf", 1<<20)
	if err != nil {
		return nil
	}
	var out []netip.AddrPort
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			if a, err := netip.ParseAddr(f[1]); err == nil {
				out = append(out, netip.AddrPortFrom(a, 53))
			}
		}
	}
	return out
}
