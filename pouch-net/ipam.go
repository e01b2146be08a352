package main

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netplugin"
	"github.com/pouchcontainer/pouch/pkg/network"
)

// askIPAM asks a plugin of docker's that gives addresses.
func askIPAM(ctx context.Context, q *network.ForeignCall) (*network.ForeignAnswer, error) {
	e, a := q.Endpoint, &network.ForeignAnswer{}
	if e == nil {
		return nil, errs.New(errs.Invalid, "the question is about no endpoint")
	}
	d, err := netplugin.OpenIPAM(ctx, q.Driver, q.Limit)
	if err != nil {
		return nil, err
	}
	switch q.Op {
	case network.ForeignUnpools:
		return a, d.Release(ctx, e.Pools)
	case network.ForeignReturn:
		return a, d.Return(ctx, e.Pools)
	case network.ForeignLend:
		a.Pools, err = d.Lend(ctx, e.Pools, e.MAC)
		return a, err
	}
	if a.Space, a.WantsMAC, err = d.Wants(ctx); err != nil {
		return nil, err
	}
	for i := range e.Pools {
		e.Pools[i].Space = a.Space
	}
	a.Pools, err = d.Request(ctx, e.Pools, e.Options)
	return a, err
}
