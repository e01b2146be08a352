package network

import (
	"maps"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Info is what inspect prints of a network; the names are docker's.
type Info struct {
	Name       string
	ID         string `json:"Id"`
	Created    time.Time
	Scope      string
	Driver     string
	EnableIPv4 bool
	EnableIPv6 bool
	IPAM       InfoIPAM
	Internal   bool
	Attachable bool
	Ingress    bool
	ConfigFrom struct{ Network string } // docker's networks of configuration alone: there are none
	ConfigOnly bool
	Bridge     string // name of the link on the host
	Containers map[string]InfoMember
	Options    map[string]string
	Labels     map[string]string

	// What podman knows besides.
	DNSEnabled bool           // members find each other by name
	DNSServers []string       `json:",omitempty"`
	Routes     []record.Route `json:",omitempty"`
}

// InfoIPAM are the subnets.
type InfoIPAM struct {
	Driver  string
	Options map[string]string
	Config  []InfoSubnet
}

// InfoSubnet is one of them.
type InfoSubnet struct {
	Subnet  string
	IPRange string `json:",omitempty"`
	Gateway string `json:",omitempty"`

	AuxiliaryAddresses map[string]string `json:",omitempty"`
}

// InfoMember is who is in the network now.
type InfoMember struct {
	Name        string
	EndpointID  string // the link on the host
	MacAddress  string
	IPv4Address string
	IPv6Address string
}

// Info returns all about the network that target names. Kinds as of Inspect.
func (m *Manager) Info(target string) (*Info, error) {
	n, err := m.Inspect(target)
	if err != nil {
		return nil, err
	}
	members, err := m.Members(n.Name)
	if err != nil {
		return nil, err
	}
	i := newInfo(n)
	for _, e := range members {
		key, name := e.Lease.Container, ""
		if key == "" {
			key = e.Lease.Netns
		}
		if len(e.Lease.Names) > 0 {
			name = e.Lease.Names[0]
		}
		i.Containers[key] = InfoMember{name, e.Joined.HostLink, e.Joined.MAC, e.Joined.IPv4, e.Joined.IPv6}
	}
	return i, nil
}

func newInfo(n *record.Network) *Info {
	i := &Info{
		Name: n.Name, ID: n.ID, Created: n.Created, Scope: "local", Driver: n.Driver, EnableIPv4: !n.NoIPv4,
		EnableIPv6: n.IPv6, Internal: n.Internal, Bridge: n.Bridge,
		Containers: map[string]InfoMember{}, Options: n.Options, Labels: n.Labels,
	}
	if i.Options == nil {
		i.Options = map[string]string{}
	}
	if i.Labels == nil {
		i.Labels = map[string]string{}
	}
	i.DNSEnabled, i.DNSServers, i.Routes = !n.NoNames, n.DNS, n.Routes
	i.IPAM.Driver, i.IPAM.Options, i.IPAM.Config = "default", map[string]string{}, []InfoSubnet{}
	if n.IPAM != nil {
		i.IPAM.Driver = n.IPAM.Driver
		maps.Copy(i.IPAM.Options, n.IPAM.Options)
	}
	for _, s := range n.Subnets {
		i.IPAM.Config = append(i.IPAM.Config, InfoSubnet{s.Subnet, s.Range, s.Gateway, s.Reserved})
	}
	return i
}
