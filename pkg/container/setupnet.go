package container

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// own reports whether c gets a network namespace of its own with interfaces.
func own(c *record.Container) bool {
	mode, _, _ := strings.Cut(c.NetworkMode, ":")
	return mode != "none" && mode != "host" && mode != "ns" && mode != "container"
}

// setUpNetwork makes the namespace, tells made, and joins the networks.
func (m *Manager) setUpNetwork(ctx context.Context, c *record.Container, s *supervisor, made chan<- struct{}) error {
	if !own(c) {
		close(made)
		return nil
	}
	path, err := m.newNetns(c)
	if err != nil {
		return err
	}
	close(made)
	files, ports, err := m.Network.ReserveFor(ctx, m.bindings(c))
	if err != nil {
		return err
	}
	defer closeFiles(files)
	var target string
	var all []record.Joined
	for _, o := range m.attachments(c, path, ports) {
		joined, err := m.Network.Attach(ctx, o)
		if err != nil {
			return err
		}
		slog.Debug("network joined", "id", short(c.ID), "network", o.Join.Network, "address", joined.IPv4, "link", joined.HostLink)
		all = append(all, joined)
		if len(o.Ports) > 0 {
			target, _, _ = strings.Cut(cmp.Or(joined.IPv4, joined.IPv6), "/")
		}
	}
	if err := m.useNames(c, all); err != nil {
		return err
	}
	return s.givePorts(files, ports, target)
}

// newNetns makes c's network namespace, which belongs to its user namespace.
func (m *Manager) newNetns(c *record.Container) (string, error) {
	if len(c.Host.UIDMap) == 0 {
		return m.Network.NewNetns(c.ID)
	}
	return m.Network.NewUserNetns(c.ID, c.Host.UIDMap, c.Host.GIDMap)
}

// bindings are the published ports of c, with the addresses that its network gives
// them.
func (m *Manager) bindings(c *record.Container) []record.Port {
	if len(c.Ports) == 0 {
		return nil
	}
	joins := m.joins(c)
	return m.Network.Bindings(joins[m.Network.Carrier(joins)].Network, c.Ports)
}

// attachments are how c, whose network namespace is at netns, joins its networks,
// in the order in which that is to be done: the first that has a way out gives
// the default route. One of them has the published ports.
func (m *Manager) attachments(c *record.Container, netns string, ports []record.Port) []network.AttachOpts {
	joins := m.joins(c)
	carrier := -1
	if len(ports) > 0 {
		carrier = m.Network.Carrier(joins)
	}
	var out []network.AttachOpts
	for i, j := range joins {
		o := network.AttachOpts{Container: c.ID, Netns: netns, Join: j, Iface: fmt.Sprintf("eth%d", i), Names: names(c, j)}
		if i == carrier {
			o.Ports = ports
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(a, b network.AttachOpts) int { return cmp.Compare(b.Join.Priority, a.Join.Priority) })
	return out
}

// joins are the networks of c, the one that NetworkMode names when it lists none.
func (m *Manager) joins(c *record.Container) []record.Join {
	if len(c.Networks) > 0 {
		return c.Networks
	}
	return []record.Join{{Network: c.NetworkMode}}
}

// names are those by which other members of a network find c.
func names(c *record.Container, j record.Join) []string {
	out := []string{c.Name}
	if c.Host.Hostname != "" && c.Host.Hostname != c.Name {
		out = append(out, c.Host.Hostname)
	}
	if c.Host.Hostname != "" && c.Host.Domainname != "" {
		out = append(out, c.Host.Hostname+"."+c.Host.Domainname)
	}
	return append(out, j.Aliases...)
}

// givePorts hands the bound host sockets to the supervisor, which keeps them as
// long as the container lives.
func (s *supervisor) givePorts(files []*os.File, ports []record.Port, target string) error {
	const packet = 64 // descriptors that one message carries at most
	for len(files) > 0 {
		n := min(packet, len(files))
		if err := s.conn.Send(&ctl.Message{Op: ctl.Ports, Ports: ports[:n], Target: target}, files[:n]...); err != nil {
			return fmt.Errorf("hand over the published ports: %w", err)
		}
		files, ports = files[n:], ports[n:]
	}
	return nil
}
