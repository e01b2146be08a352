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
	"sync"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Proxy is a set of served ports. The zero value is ready.
type Proxy struct {
	mu     sync.Mutex
	closed bool
	socks  []interface{ Close() error }
}

// Add serves files, the bound sockets of ports in the same order, by
// connecting to the same container port of target. The files are taken over,
// also on error. A port of sctp is held and not served.
func (p *Proxy) Add(ports []record.Port, files []*os.File, target string) error {
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	if len(ports) != len(files) {
		return errs.New(errs.Invalid, "%d sockets came for %d ports", len(files), len(ports))
	}
	ip, err := netip.ParseAddr(target)
	if err != nil {
		return errs.New(errs.Invalid, "publish ports: %q is not an address", target)
	}
	for i, port := range ports {
		if err := p.serve(port, files[i], netip.AddrPortFrom(ip, port.ContainerPort)); err != nil {
			return fmt.Errorf("publish port %d/%s: %w", port.HostPort, port.Protocol, err)
		}
	}
	return nil
}

func (p *Proxy) serve(port record.Port, f *os.File, to netip.AddrPort) error {
	switch port.Protocol {
	case "tcp":
		l, err := net.FileListener(f)
		if err != nil {
			return err
		}
		if p.hold(l) {
			go serveTCP(l, to)
		}
		return nil
	case "udp":
		c, err := net.FilePacketConn(f)
		if err != nil {
			return err
		}
		u, ok := c.(*net.UDPConn)
		if !ok {
			c.Close()
			return errs.New(errs.Invalid, "the socket is not udp")
		}
		if p.hold(u) {
			go (&relay{sock: u, to: to}).serve()
		}
		return nil
	}
	held, err := duplicate(f)
	if err == nil {
		p.hold(held)
	}
	return err
}

// hold keeps c until Close, or closes it at once when that came already.
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

// Close frees the ports. Connections that are open go on. Idempotent.
func (p *Proxy) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.socks {
		c.Close()
	}
	p.socks = nil
}
