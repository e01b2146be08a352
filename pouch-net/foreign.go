package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/cni"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netplugin"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// foreign answers a question of pkg/network, which has none of the libraries that
// foreign drivers need.
func foreign() *cli.Command {
	return &cli.Command{
		Name:   "foreign",
		Usage:  "ask a network driver that is not Pouch's own: a question on stdin, the answer on stdout, as JSON",
		Hidden: true,
		Action: func(c *cli.Context) error {
			if _, err := cmd.Args(c, 0, 0); err != nil {
				return err
			}
			var q network.ForeignCall
			if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
				return errs.New(errs.Invalid, "the question: %w", err)
			}
			a, err := askForeign(c.Context, &q)
			if err != nil {
				a = &network.ForeignAnswer{Error: cmd.OneLine(err.Error()), Kind: errs.KindOf(err), Untouched: cni.Untouched(err)}
			}
			return json.NewEncoder(c.App.Writer).Encode(a)
		},
	}
}

func askForeign(ctx context.Context, q *network.ForeignCall) (*network.ForeignAnswer, error) {
	if q.Driver == "cni" {
		return askCNI(ctx, q)
	}
	switch q.Op {
	case network.ForeignPools, network.ForeignUnpools, network.ForeignLend, network.ForeignReturn:
		return askIPAM(ctx, q)
	}
	return askPlugin(ctx, q)
}

// askPlugin asks a network plugin of docker's.
func askPlugin(ctx context.Context, q *network.ForeignCall) (*network.ForeignAnswer, error) {
	a := &network.ForeignAnswer{}
	d, err := netplugin.Open(ctx, q.Driver, q.Limit)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Op == network.ForeignProbe:
		return a, nil
	case q.Op == network.ForeignCreate && q.Network != nil:
		return a, d.CreateNetwork(ctx, q.Network)
	case q.Endpoint == nil:
		return nil, errs.New(errs.Invalid, "the question is about no endpoint")
	case q.Op == network.ForeignDestroy:
		return a, d.DeleteNetwork(ctx, q.Endpoint.NetworkID)
	case q.Op == network.ForeignAdd:
		a.MAC, err = d.Plug(ctx, q.Endpoint)
		return a, err
	case q.Op == network.ForeignDel:
		return a, d.Unplug(ctx, q.Endpoint)
	}
	return nil, errs.New(errs.Unsupported, "a plugin has no %s", q.Op)
}

func askCNI(ctx context.Context, q *network.ForeignCall) (*network.ForeignAnswer, error) {
	none := &network.ForeignAnswer{}
	e := q.Endpoint
	if e == nil {
		return nil, errs.New(errs.Invalid, "the question is about no endpoint")
	}
	r := cni.Runner{Dirs: e.PluginDirs, Cache: q.Cache, Limit: q.Limit}
	a := &cni.Attachment{ID: e.ID, Netns: e.Netns, Iface: e.Iface, Config: e.Config, Args: e.Args, Capabilities: e.Capabilities}
	switch q.Op {
	case network.ForeignAdd:
		return addCNI(ctx, r, a)
	case network.ForeignDel:
		return none, r.Del(ctx, a)
	case network.ForeignStatus:
		return none, r.Status(ctx, e.Config)
	case network.ForeignCheck:
		return none, r.Check(ctx, a)
	case network.ForeignGC:
		var valid []cni.Attachment
		for _, v := range q.Valid {
			valid = append(valid, cni.Attachment{ID: v.ID, Iface: v.Iface})
		}
		return none, r.GC(ctx, e.Config, valid)
	}
	return nil, errs.New(errs.Unsupported, "CNI has no %s", q.Op)
}

func addCNI(ctx context.Context, r cni.Runner, a *cni.Attachment) (*network.ForeignAnswer, error) {
	res, err := r.Add(ctx, a)
	if err != nil {
		return nil, err
	}
	out := &network.ForeignAnswer{MAC: res.MAC, HostLink: res.HostLink}
	for _, x := range res.Addresses {
		out.Addresses = append(out.Addresses, network.ForeignAddress(x))
	}
	if d := res.DNS; len(d.Nameservers)+len(d.Search)+len(d.Options) > 0 {
		out.DNS = &record.DNS{Nameservers: d.Nameservers, Search: d.Search, Options: d.Options}
	}
	return out, nil
}
