// Package netplugin makes networks and interfaces by docker's network plugins. The
// calls are those of libnetwork's remote drivers:
// https://github.com/moby/moby/blob/master/daemon/libnetwork/docs/remote.md
package netplugin

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/plugin"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// capability is what a plugin says it implements when it is activated.
const capability = "NetworkDriver"

// Keys of options, docker's.
const (
	optGeneric  = "com.docker.network.generic"
	optInternal = "com.docker.network.internal"
	optIPv6     = "com.docker.network.enable_ipv6"
	optPortMap  = "com.docker.network.portmap"
	optExposed  = "com.docker.network.endpoint.exposedports"
)

// Driver is a network plugin.
type Driver struct {
	p     *plugin.Plugin
	limit time.Duration
}

// Open finds the plugin called name and has it say that it is a network driver.
// limit bounds every call. Kinds: not_found for none, unsupported for a plugin of
// another kind, unavailable for one that does not answer.
func Open(ctx context.Context, name string, limit time.Duration) (*Driver, error) {
	p, err := plugin.Find(name)
	if err != nil {
		return nil, err
	}
	d := &Driver{p, limit}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return d, p.Require(ctx, plugin.NetworkDriver)
}

func (d *Driver) call(ctx context.Context, method string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	return d.p.Call(ctx, capability+"."+method, in, out)
}

type ipData struct {
	AddressSpace string
	Pool         string
	Gateway      string `json:",omitempty"`
}

// CreateNetwork has the plugin make a network.
func (d *Driver) CreateNetwork(ctx context.Context, n *record.Network) error {
	in := struct {
		NetworkID          string
		Options            map[string]any
		IPv4Data, IPv6Data []ipData
	}{NetworkID: n.ID, Options: map[string]any{optGeneric: n.Options, optInternal: n.Internal, optIPv6: n.IPv6}}
	space := "LocalDefault"
	if n.IPAM != nil {
		space = n.IPAM.Space
	}
	for _, s := range n.Subnets {
		p, err := netip.ParsePrefix(s.Subnet)
		if err != nil {
			return errs.New(errs.Corrupt, "subnet: %w", err)
		}
		data := ipData{AddressSpace: space, Pool: s.Subnet}
		if g, err := netip.ParseAddr(s.Gateway); err == nil {
			data.Gateway = netip.PrefixFrom(g, p.Bits()).String()
		}
		if p.Addr().Is4() {
			in.IPv4Data = append(in.IPv4Data, data)
		} else {
			in.IPv6Data = append(in.IPv6Data, data)
		}
	}
	return d.call(ctx, "CreateNetwork", in, nil)
}

// DeleteNetwork undoes CreateNetwork.
func (d *Driver) DeleteNetwork(ctx context.Context, id string) error {
	return d.call(ctx, "DeleteNetwork", map[string]string{"NetworkID": id}, nil)
}

type iface struct {
	Address     string
	AddressIPv6 string
	MacAddress  string
}

// Plug has the plugin make an interface and puts that into the namespace, with the
// addresses that e names. It returns the MAC address.
func (d *Driver) Plug(ctx context.Context, e *record.Endpoint) (mac string, err error) {
	in := iface{MacAddress: e.MAC}
	for _, a := range e.Addresses {
		if p, err := netip.ParsePrefix(a); err == nil && p.Addr().Is4() {
			in.Address = a
		} else {
			in.AddressIPv6 = a
		}
	}
	var made struct{ Interface *iface }
	err = d.call(ctx, "CreateEndpoint", map[string]any{
		"NetworkID": e.NetworkID, "EndpointID": e.EndpointID, "Interface": in, "Options": d.options(e),
	}, &made)
	if err != nil {
		return "", err
	}
	if mac = e.MAC; mac == "" && made.Interface != nil {
		mac = made.Interface.MacAddress
	}
	return mac, d.join(ctx, e, mac)
}

func (d *Driver) join(ctx context.Context, e *record.Endpoint, mac string) error {
	var got struct {
		InterfaceName        struct{ SrcName, DstPrefix string }
		Gateway, GatewayIPv6 string
	}
	ids := map[string]any{"NetworkID": e.NetworkID, "EndpointID": e.EndpointID}
	err := d.call(ctx, "Join", map[string]any{
		"NetworkID": e.NetworkID, "EndpointID": e.EndpointID, "SandboxKey": e.Netns, "Options": d.options(e),
	}, &got)
	if err != nil {
		return err
	}
	l := netdev.Adopted{Source: got.InterfaceName.SrcName, Netns: e.Netns, Iface: e.Iface, MAC: mac}
	if l.Source == "" {
		return errs.New(errs.Unsupported, "the plugin made no interface")
	}
	for _, a := range e.Addresses {
		if p, err := netip.ParsePrefix(a); err == nil {
			l.Addrs = append(l.Addrs, p)
		}
	}
	for _, g := range []string{got.Gateway, got.GatewayIPv6} {
		if a, err := netip.ParseAddr(g); err == nil {
			l.Gateways = append(l.Gateways, a)
		}
	}
	if err := netdev.Adopt(l); err != nil {
		return err
	}
	if len(e.Ports) == 0 {
		return nil
	}
	ids["Options"] = d.options(e)
	err = d.call(ctx, "ProgramExternalConnectivity", ids, nil)
	if errs.Is(err, errs.Unsupported) {
		return nil // the sockets that reserve the ports serve them
	}
	return err
}

// Unplug undoes Plug: the interface goes back to the host, where the plugin looks
// for it, unless the namespace is gone. All is tried. A plugin that does not know
// the endpoint may say so: that is a failure, since it may mean anything.
func (d *Driver) Unplug(ctx context.Context, e *record.Endpoint) error {
	ids := map[string]string{"NetworkID": e.NetworkID, "EndpointID": e.EndpointID}
	if len(e.Ports) > 0 {
		d.call(ctx, "RevokeExternalConnectivity", ids, nil) //nolint:errcheck // not of every plugin; DeleteEndpoint counts
	}
	var err error
	if e.Netns != "" {
		err = netdev.Disown(e.Netns, e.Iface)
	}
	d.call(ctx, "Leave", ids, nil) //nolint:errcheck // where Join never came it fails; DeleteEndpoint counts
	return errors.Join(err, d.call(ctx, "DeleteEndpoint", ids, nil))
}

// options are docker's words for what a container publishes.
func (d *Driver) options(e *record.Endpoint) map[string]any {
	type exposed struct{ Proto, Port int }
	type mapped struct {
		Proto       int
		IP          string
		Port        uint16
		HostIP      string
		HostPort    uint16
		HostPortEnd uint16
	}
	number := map[string]int{"tcp": 6, "udp": 17, "sctp": 132}
	ports, maps := []exposed{}, []mapped{}
	for _, p := range e.Ports {
		ports = append(ports, exposed{number[p.Protocol], int(p.ContainerPort)})
		maps = append(maps, mapped{Proto: number[p.Protocol], Port: p.ContainerPort, HostIP: p.HostIP, HostPort: p.HostPort, HostPortEnd: p.HostPort})
	}
	out := map[string]any{optExposed: ports, optPortMap: maps}
	if len(e.Options) > 0 {
		out[optGeneric] = e.Options
	}
	return out
}
