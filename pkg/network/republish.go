package network

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"sort"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// supervisorTimeout is how long a supervisor may take to answer.
const supervisorTimeout = 10 * time.Second

// Carrier returns which of a container's networks carries its published ports: of
// those whose members can have published ones the first of the greatest priority.
// Without one it is the first network, which then says why it has none.
func (m *Manager) Carrier(joins []record.Join) int {
	best := -1
	for i, j := range joins {
		if m.carries(j.Network) && (best < 0 || j.Priority > joins[best].Priority) { //nolint:gosec // best is an index by then
			best = i
		}
	}
	return max(best, 0)
}

// carries reports whether ports of the members of a network can be published.
func (m *Manager) carries(target string) bool {
	n, err := m.Inspect(target)
	if err != nil {
		return errs.Is(err, errs.NotFound) && canonical(target) == Default // it will be made
	}
	d, err := driverOf(n.Driver)
	return err == nil && !n.Internal && d.traits().published
}

// translates reports whether the packet rules can lead to members of a network.
func (m *Manager) translates(network string) bool {
	n, err := m.known(network)
	if err != nil || n.Internal {
		return false
	}
	_, ok, err := rulesOf(n)
	return ok && err == nil
}

// Bindings are ports as they are published by network target: one that names no
// address of the host has the network's, if it has one.
func (m *Manager) Bindings(target string, ports []record.Port) []record.Port {
	n, err := m.Inspect(target)
	if err != nil {
		return ports
	}
	ip := bridgeOptionsOf(n).hostIP
	if ip == "" {
		return ports
	}
	out := slices.Clone(ports)
	for i := range out {
		if out[i].HostIP == "" {
			out[i].HostIP = ip
		}
	}
	return out
}

// republish has the published ports of a running container served by a network
// that it is in, when the one that does is leaving ("": none), or when none does.
// It is called with the container's lock, before the network is left: killed in
// between, two networks serve the ports. Idempotent.
func (m *Manager) republish(ctx context.Context, id, leaving string) error {
	own, err := m.membersOf(id)
	if err != nil {
		return err
	}
	ports, served := carried(own, leaving)
	if leaving == "" && (served || len(own) == 0) {
		return nil
	}
	if ports == nil {
		if ports, err = m.heldPorts(id); err != nil {
			return err
		}
	}
	if len(ports) == 0 {
		return nil
	}
	to := m.nextCarrier(own, leaving)
	if err := m.publishOn(ctx, to, ports); err != nil {
		return err
	}
	_, err = m.tell(id, &ctl.Message{Op: ctl.Retarget, Target: targetOf(to)})
	return err
}

// membersOf are the leases of a container.
func (m *Manager) membersOf(id string) ([]member, error) {
	all, err := m.everyone()
	return slices.DeleteFunc(all, func(e member) bool { return e.lease.Container != id }), err
}

// carried are the ports that the leases carry, and whether one that stays does.
func carried(own []member, leaving string) (ports []record.Port, served bool) {
	for _, e := range own {
		if len(e.lease.Ports) > 0 {
			ports = e.lease.Ports
			served = served || e.network != leaving
		}
	}
	return ports, served
}

// nextCarrier are the leases of the interface that carries the ports from now on:
// the one that does and stays, else the one that leads; none when none can.
func (m *Manager) nextCarrier(own []member, leaving string) []member {
	can := slices.DeleteFunc(slices.Clone(own), func(e member) bool {
		return e.network == leaving || len(e.lease.Ports) == 0 && !m.translates(e.network)
	})
	if len(can) == 0 {
		return nil
	}
	sort.SliceStable(can, func(i, j int) bool {
		a, b := can[i].lease, can[j].lease
		if (len(a.Ports) > 0) != (len(b.Ports) > 0) {
			return len(a.Ports) > 0
		}
		return leadsBefore(a, b)
	})
	first := can[0]
	return slices.DeleteFunc(can, func(e member) bool { return e.network != first.network || e.lease.Iface != first.lease.Iface })
}

// publishOn writes the ports into leases of one interface, and the rules.
func (m *Manager) publishOn(ctx context.Context, to []member, ports []record.Port) error {
	if len(to) == 0 || len(to[0].lease.Ports) > 0 {
		return nil
	}
	if err := m.leasePorts(ctx, to, ports); err != nil {
		return err
	}
	if link := to[0].lease.HostLink; link != "" {
		if err := netdev.SetHairpin(link); err != nil {
			return err
		}
	}
	return m.publish(ctx, to)
}

func (m *Manager) leasePorts(ctx context.Context, to []member, ports []record.Port) error {
	lock, err := m.s.LockLeases(ctx, to[0].network)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	for _, e := range to {
		now, err := m.s.Lease(e.network, e.addr.String())
		if err != nil || !sameIface(e.lease)(now) {
			return errs.New(errs.Conflict, "network %s: its address %s is given back just now", e.network, e.addr)
		}
		now.Ports = ports
		if err := m.s.ReplaceLease(e.network, e.addr.String(), now); err != nil {
			return err
		}
		e.lease.Ports = ports
	}
	return nil
}

// targetOf is the address of leases of one interface to which a port's socket on
// the host connects: an IPv4 one where there is one.
func targetOf(to []member) string {
	var best netip.Addr
	for _, e := range to {
		if !best.IsValid() || e.addr.Is4() {
			best = e.addr
		}
	}
	if !best.IsValid() {
		return ""
	}
	return best.String()
}

// heldPorts asks the supervisor of a container for the ports that it holds.
func (m *Manager) heldPorts(id string) ([]record.Port, error) {
	return m.tell(id, &ctl.Message{Op: ctl.Published})
}

// tell sends a message to the supervisor of a container and returns the ports
// that it answers. Without a supervisor there are none.
func (m *Manager) tell(id string, msg *ctl.Message) ([]record.Port, error) {
	conn, err := ctl.Dial(m.s.ControlSocket(id))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(supervisorTimeout))
	if err := conn.Send(msg); err != nil {
		return nil, err
	}
	var out []record.Port
	for {
		answer, files, err := conn.Recv()
		if err != nil {
			return nil, errs.New(errs.Unavailable, "container %s: its supervisor did not answer: %w", shorten(id), err)
		}
		for _, f := range files {
			f.Close()
		}
		switch answer.Op {
		case ctl.Ports:
			out = append(out, answer.Ports...)
		case ctl.OK:
			return out, nil
		case ctl.Error:
			return nil, errs.New(errs.Kind(answer.Kind), "container %s: %s", shorten(id), answer.Message)
		}
	}
}
