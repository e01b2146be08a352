package network

import (
	"net"
	"slices"
	"sort"
	"strconv"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Published is a port of the host that leads to a member of a network.
type Published struct {
	HostIP        string // empty: every address
	HostPort      uint16
	Protocol      string
	Container     string // its name, its id, or the path of another network namespace
	ID            string
	Network       string
	Address       string // of the member, with its port
	ContainerPort uint16
	Pid           int // who holds the socket that reserves it; 0: nobody, packet rules alone lead there
	Program       string
}

// Published returns the published ports: all, or those of a network or a container.
// Kind not_found for neither.
func (m *Manager) Published(target string) ([]Published, error) {
	all, err := m.everyone()
	if err != nil {
		return nil, err
	}
	mine, err := m.whose(target)
	if err != nil {
		return nil, err
	}
	held := holders()
	var out []Published
	for _, e := range all {
		if !mine(e) {
			continue
		}
		for _, p := range e.lease.Ports {
			out = append(out, published(e, p, held))
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].HostPort < out[j].HostPort })
	return out, nil
}

// whose tells the members that target names: "" is everybody.
func (m *Manager) whose(target string) (func(member) bool, error) {
	if target == "" {
		return func(member) bool { return true }, nil
	}
	n, err := m.Inspect(target)
	if err == nil {
		return func(e member) bool { return e.network == n.Name }, nil
	}
	if !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	id, err := m.s.ResolveContainer(target)
	if err != nil {
		return nil, errs.New(errs.NotFound, "%s: no such network or container", target)
	}
	return func(e member) bool { return e.lease.Container == id }, nil
}

func published(e member, p record.Port, held map[string]process) Published {
	out := Published{
		HostIP: p.HostIP, HostPort: p.HostPort, Protocol: p.Protocol, ID: e.lease.Container, Network: e.network,
		Address: net.JoinHostPort(e.addr.String(), strconv.Itoa(int(p.ContainerPort))), ContainerPort: p.ContainerPort,
	}
	out.Container = nameOfLease(e.lease)
	for _, table := range []string{p.Protocol, p.Protocol + "6"} {
		for _, s := range socketsOn(table, p.HostPort) {
			// Another program may have the port on another address.
			if h, ok := held["socket:["+s.inode+"]"]; ok && out.Program != supervisor {
				out.Pid, out.Program = h.pid, h.program
			}
		}
	}
	return out
}

// nameOfLease is what people call who has a lease.
func nameOfLease(l *record.Lease) string {
	switch {
	case len(l.Names) > 0:
		return l.Names[0]
	case l.Container != "":
		return l.Container
	case l.CNI != "":
		return l.CNI
	}
	return l.Netns
}

// onPort are those of one port of the host.
func onPort(ps []Published, port uint16, protocol string) []Published {
	return slices.DeleteFunc(slices.Clone(ps), func(p Published) bool { return p.HostPort != port || p.Protocol != protocol })
}
