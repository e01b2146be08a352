package network

import (
	"slices"
	"sort"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Attachment is what a container has of networks now.
type Attachment struct {
	Networks []record.Joined // by interface
	Ports    []record.Port   // published, with the host ports in force
}

// Attachments returns the attachment of every container that is in a network,
// by container id, in one reading of the leases.
func (m *Manager) Attachments() (map[string]Attachment, error) {
	all, err := m.everyone()
	if err != nil {
		return nil, err
	}
	out := map[string]Attachment{}
	for _, e := range all {
		if e.lease.Container == "" {
			continue
		}
		n, err := m.known(e.network)
		if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Corrupt) {
			continue // a damaged network is told where it is asked for
		}
		if err != nil {
			return nil, err
		}
		a := out[e.lease.Container]
		a.add(n, e)
		out[e.lease.Container] = a
	}
	return out, nil
}

func (a *Attachment) add(n *record.Network, e member) {
	i := slices.IndexFunc(a.Networks, func(j record.Joined) bool { return j.Iface == e.lease.Iface })
	if i < 0 {
		i = len(a.Networks)
		a.Networks = append(a.Networks, newJoined(n, e.lease))
	}
	setAddress(&a.Networks[i], n, e.addr)
	setGiven(&a.Networks[i], e.addr, e.lease)
	sort.SliceStable(a.Networks, func(i, j int) bool {
		return beforeIface(a.Networks[i].Iface, a.Networks[j].Iface)
	})
	for _, p := range e.lease.Ports {
		if !slices.Contains(a.Ports, p) {
			a.Ports = append(a.Ports, p)
		}
	}
}
