package container

import (
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// useNames rewrites the container's resolv.conf where its networks say something of
// name service and its flags do not.
func (m *Manager) useNames(c *record.Container, joined []record.Joined) error {
	if filesOf(c) != c.ID || c.Host.NoNetFiles {
		return nil
	}
	with := *c
	host := hostResolv(resolvPaths())
	if !addNames(&with, joined, host) {
		return nil
	}
	return m.Store.OverwriteResolv(c.ID, resolvConf(host, &with))
}

// addNames adds to c what networks say of name service, as if flags had said it,
// and reports whether that is anything.
func addNames(c *record.Container, joined []record.Joined, host []byte) bool {
	h, keep, any := c.Host, false, false
	for _, j := range joined {
		if j.DNS == nil {
			continue
		}
		any, keep = true, keep || j.DNS.Keep
		if len(c.Host.DNS) == 0 {
			h.DNS = unionOf(h.DNS, j.DNS.Nameservers)
		}
		if len(c.Host.DNSSearch) == 0 {
			h.DNSSearch = unionOf(h.DNSSearch, j.DNS.Search)
		}
		if len(c.Host.DNSOptions) == 0 {
			h.DNSOptions = unionOf(h.DNSOptions, j.DNS.Options)
		}
	}
	if keep && len(c.Host.DNS) == 0 {
		h.DNS = unionOf(h.DNS, servers(host))
	}
	c.Host = h
	return any
}

// unionOf appends what is not there yet.
func unionOf(to, more []string) []string {
	to = slices.Clone(to)
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// servers are the name servers of a resolv.conf that are reached from outside of
// the host.
func servers(resolv []byte) []string {
	var out []string
	for line := range strings.Lines(string(resolv)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" && !loopback(f[1]) {
			out = append(out, f[1])
		}
	}
	return out
}
