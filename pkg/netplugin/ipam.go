package netplugin

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/plugin"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Keys of what is told to and by a plugin that gives addresses, docker's.
const (
	optAddressType = "RequestAddressType"
	optGateway     = "com.docker.network.gateway"
	optMAC         = "com.docker.network.endpoint.macaddress"
)

// IPAM is a plugin that gives addresses. The calls are those of libnetwork's remote
// IPAM drivers:
// https://github.com/moby/moby/blob/master/daemon/libnetwork/docs/ipam.md
type IPAM struct {
	p     *plugin.Plugin
	limit time.Duration
}

// OpenIPAM finds the plugin called name and has it say that it gives addresses. Limit
// and kinds are as of Open.
func OpenIPAM(ctx context.Context, name string, limit time.Duration) (*IPAM, error) {
	p, err := plugin.Find(name)
	if err != nil {
		return nil, err
	}
	d := &IPAM{p, limit}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return d, p.Require(ctx, plugin.IpamDriver)
}

func (d *IPAM) call(ctx context.Context, method string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	return d.p.Call(ctx, plugin.IpamDriver+"."+method, in, out)
}

// Wants tells what the plugin needs to be told: its address space, where a network
// names none, and whether the MAC address before it gives one of IP.
func (d *IPAM) Wants(ctx context.Context) (space string, mac bool, err error) {
	var can struct{ RequiresMACAddress bool }
	err = d.call(ctx, "GetCapabilities", nil, &can)
	if err != nil && !errs.Is(err, errs.Unsupported) { // older plugins have no such call
		return "", false, err
	}
	var spaces struct{ LocalDefaultAddressSpace string }
	err = d.call(ctx, "GetDefaultAddressSpaces", nil, &spaces)
	return spaces.LocalDefaultAddressSpace, can.RequiresMACAddress, err
}

// Request has the plugin give each pool, with its gateway and the addresses that are
// set aside. On failure all is given back, and the pools are as they were.
func (d *IPAM) Request(ctx context.Context, pools []record.Pool, options map[string]string) ([]record.Pool, error) {
	var got []record.Pool
	for _, p := range pools {
		p, err := d.pool(ctx, p, options)
		if p.ID != "" {
			got = append(got, p)
		}
		if err != nil {
			return nil, errors.Join(err, d.Release(context.WithoutCancel(ctx), got))
		}
	}
	return got, nil
}

func (d *IPAM) pool(ctx context.Context, p record.Pool, options map[string]string) (record.Pool, error) {
	in := map[string]any{"AddressSpace": p.Space, "Pool": p.Subnet, "SubPool": p.Range, "Options": options, "V6": p.IPv6}
	var got struct {
		PoolID, Pool string
		Data         map[string]string
	}
	if err := d.call(ctx, "RequestPool", in, &got); err != nil {
		return p, err
	}
	p.ID = got.PoolID
	subnet, err := netip.ParsePrefix(got.Pool)
	if err != nil || p.ID == "" || subnet.Addr().Is4() == p.IPv6 {
		return p, errs.New(errs.Corrupt, "the plugin gave the pool %q, called %q, which is none", got.Pool, got.PoolID)
	}
	p.Subnet = subnet.Masked().String()
	if told, err := netip.ParsePrefix(got.Data[optGateway]); err == nil && p.Gateway == "" {
		p.Gateway = told.Addr().String()
	} else {
		a, err := d.address(ctx, &p, p.Gateway, map[string]string{optAddressType: optGateway})
		if err != nil {
			return p, err
		}
		p.Gateway = a.String()
	}
	for _, name := range slices.Sorted(maps.Keys(p.Reserved)) {
		if _, err := d.address(ctx, &p, p.Reserved[name], nil); err != nil {
			return p, err
		}
	}
	return p, nil
}

// address has the plugin give an address of a pool, which is noted there: the one that
// is named, or any.
func (d *IPAM) address(ctx context.Context, p *record.Pool, want string, options map[string]string) (netip.Addr, error) {
	in := map[string]any{"PoolID": p.ID, "Address": want, "Options": options}
	var got struct{ Address string }
	if err := d.call(ctx, "RequestAddress", in, &got); err != nil {
		return netip.Addr{}, err
	}
	a, err := netip.ParsePrefix(got.Address)
	if err != nil {
		return netip.Addr{}, errs.New(errs.Corrupt, "the plugin gave the address %q, which is none with the length of its prefix", got.Address)
	}
	p.Addresses = append(p.Addresses, a.Addr().String())
	if want != "" && a.Addr().String() != want {
		return a.Addr(), errs.New(errs.Conflict, "the plugin gave %s, not the address %s that was asked for", a.Addr(), want)
	}
	return a.Addr(), nil
}

// Lend has the plugin give an address of each pool to an interface: Want of the pool,
// or any. On failure all are given back.
func (d *IPAM) Lend(ctx context.Context, pools []record.Pool, mac string) ([]record.Pool, error) {
	options := map[string]string{}
	if mac != "" {
		options[optMAC] = mac
	}
	got := slices.Clone(pools)
	for i := range got {
		if _, err := d.address(ctx, &got[i], got[i].Want, options); err != nil {
			return nil, errors.Join(err, d.Return(context.WithoutCancel(ctx), got))
		}
	}
	return got, nil
}

// Return gives the addresses of pools back. All are tried.
func (d *IPAM) Return(ctx context.Context, pools []record.Pool) error {
	var failed []error
	for _, p := range pools {
		for _, a := range p.Addresses {
			failed = append(failed, d.call(ctx, "ReleaseAddress", map[string]string{"PoolID": p.ID, "Address": a}, nil))
		}
	}
	return errors.Join(failed...)
}

// Release gives pools back, with the addresses of their networks. All is tried.
func (d *IPAM) Release(ctx context.Context, pools []record.Pool) error {
	failed := []error{d.Return(ctx, pools)}
	for _, p := range pools {
		failed = append(failed, d.call(ctx, "ReleasePool", map[string]string{"PoolID": p.ID}, nil))
	}
	return errors.Join(failed...)
}
