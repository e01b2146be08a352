package network

import (
	"context"
	"errors"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// remoteDriver is a network plugin of docker's, by its name. The addresses are
// Pouch's to give; link and routes are the plugin's.
type remoteDriver struct{ name string }

func (remoteDriver) foreign() {}

func (remoteDriver) check(CreateOpts) error { return nil }

func (remoteDriver) traits() traits { return traits{ownMAC: true, options: true, published: true} }

// plan refuses a name that nobody has.
func (d remoteDriver) plan(m *Manager, _ CreateOpts, _ *record.Network) error {
	_, err := m.foreign(context.Background(), ForeignCall{Op: ForeignProbe, Driver: d.name})
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Invalid) {
		return errs.New(errs.Unsupported, "network driver %q: not known: use bridge, macvlan, ipvlan, vxlan or the name of a plugin in /run/docker/plugins", d.name)
	}
	return err
}

func (remoteDriver) links(*Manager, *record.Network) []string { return nil }

func (remoteDriver) ready(*Manager, *record.Network) (bool, error) { return true, nil }

// networkIface stands in the place of an interface in the record that says that a
// plugin was asked to make a network.
const networkIface = "network"

// ensure has the plugin make the network, once: the intent is durable before.
func (d remoteDriver) ensure(ctx context.Context, m *Manager, n *record.Network) error {
	e, err := m.s.Endpoint(n.ID, networkIface)
	if err == nil && e.Made {
		return nil
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	e = &record.Endpoint{ID: n.ID, Iface: networkIface, Driver: d.name, Network: n.Name, NetworkID: n.ID}
	if err := m.s.SetEndpoint(e); err != nil {
		return err
	}
	if _, err := m.foreign(ctx, ForeignCall{Op: ForeignCreate, Driver: d.name, Network: n}); err != nil {
		return err
	}
	return m.madeEndpoint(e)
}

func (d remoteDriver) remove(ctx context.Context, m *Manager, n *record.Network) error {
	return m.undoNetwork(ctx, n.ID)
}

// undoNetwork has a plugin remove a network that it was asked to make. Idempotent.
func (m *Manager) undoNetwork(ctx context.Context, id string) error {
	e, err := m.s.Endpoint(id, networkIface)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = m.foreign(ctx, ForeignCall{Op: ForeignDestroy, Driver: e.Driver, Endpoint: e})
	if err != nil && e.Made {
		e.Error = err.Error()
		return errors.Join(err, m.s.SetEndpoint(e))
	}
	return m.s.RemoveEndpoint(id, networkIface) // what was refused is not there
}

func (d remoteDriver) plug(ctx context.Context, m *Manager, n *record.Network, l *record.Lease, p plug) error {
	e := newEndpoint(n, l)
	e.MAC, e.Ports, e.Options = l.MAC, l.Ports, n.Options
	e.EndpointID = digest(e.ID + " " + e.Iface + " " + n.ID)
	for _, a := range p.addrs {
		e.Addresses = append(e.Addresses, a.String())
	}
	if _, err := m.makeEndpoint(ctx, e); err != nil {
		return err
	}
	return m.madeEndpoint(e)
}

func (remoteDriver) unplug(context.Context, *Manager, *record.Network, *record.Lease) error {
	return nil
}

func (remoteDriver) rules(*record.Network) (netdev.NetworkRules, bool, error) {
	return netdev.NetworkRules{}, false, nil
}
