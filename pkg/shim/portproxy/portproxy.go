// Package portproxy serves a container's published ports from the sockets that
// were bound for them on the host: the sockets are the reservation, and what
// the firewall does not redirect (localhost, and hosts without a firewall) is
// copied by this process.
package portproxy

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Proxy is a set of served ports. The zero value is ready.
type Proxy struct {
	mu     sync.Mutex
	closed bool
	socks  []interface{ Close() error }
	relays []*relay
	ports  []record.Port
	target netip.Addr // the zero one: connections are refused
}

// Add serves files, the bound sockets of ports in the same order, by
// connecting to the same container port of target, or of what Retarget names
// later. The files are taken over, also on error.
func (p *Proxy) Add(ports []record.Port, files []*os.File, target string) error {
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	if len(ports) != len(files) {
		return errs.New(errs.Invalid, "%d sockets came for %d ports", len(files), len(ports))
	}
	if err := p.Retarget(target); err != nil {
		return err
	}
	for i, port := range ports {
		if err := p.serve(port, files[i]); err != nil {
			return fmt.Errorf("publish port %d/%s: %w", port.HostPort, port.Protocol, err)
		}
		p.mu.Lock()
		p.ports = append(p.ports, port)
		p.mu.Unlock()
	}
	return nil
}

// Retarget has what comes from now on go to another address; with an empty one it
// is refused. Connections that are there stay as they are.
func (p *Proxy) Retarget(target string) error {
	var ip netip.Addr
	if target != "" {
		var err error
		if ip, err = netip.ParseAddr(target); err != nil {
			return errs.New(errs.Invalid, "publish ports: %q is not an address", target)
		}
	}
	p.mu.Lock()
	moved := p.target != ip
	p.target = ip
	relays := slices.Clone(p.relays)
	p.mu.Unlock()
	if moved {
		for _, r := range relays {
			r.closeAll() // a datagram is nobody's connection: the next one goes to the new target
		}
	}
	return nil
}

// Ports are the ports whose sockets are held.
func (p *Proxy) Ports() []record.Port {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ports)
}

// to tells where a container's port is now; the zero value when it is nowhere.
func (p *Proxy) to(port uint16) func() netip.AddrPort {
	return func() netip.AddrPort {
		p.mu.Lock()
		defer p.mu.Unlock()
		return netip.AddrPortFrom(p.target, port)
	}
}

func (p *Proxy) serve(port record.Port, f *os.File) error {
	if port.Protocol == "udp" {
		return p.serveUDP(port, f)
	}
	l, err := net.FileListener(f) // an sctp socket of one-to-one style behaves as one of tcp: RFC 6458 §4
	if err != nil {
		return err
	}
	s := tcp()
	if port.Protocol == "sctp" {
		s = sctp()
	}
	if p.hold(l) {
		go serveStream(l, p.to(port.ContainerPort), s)
	}
	return nil
}

func (p *Proxy) serveUDP(port record.Port, f *os.File) error {
	c, err := net.FilePacketConn(f)
	if err != nil {
		return err
	}
	u, ok := c.(*net.UDPConn)
	if !ok {
		c.Close()
		return errs.New(errs.Invalid, "the socket is not udp")
	}
	if err := tellLocal(u); err != nil {
		u.Close()
		return err
	}
	if !p.hold(u) {
		return nil
	}
	r := &relay{sock: u, to: p.to(port.ContainerPort)}
	p.mu.Lock()
	p.relays = append(p.relays, r)
	p.mu.Unlock()
	go r.serve()
	return nil
}

// hold keeps c until Close; it reports false, with c closed, when that has been.
func (p *Proxy) hold(c interface{ Close() error }) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return false
	}
	p.socks = append(p.socks, c)
	return true
}

// Close gives the ports back. Connections that are there go on. Idempotent.
func (p *Proxy) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.socks {
		c.Close()
	}
	p.socks, p.ports = nil, nil
}
