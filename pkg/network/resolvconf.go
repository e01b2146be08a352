package network

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// maxResolv bounds what is read of the host's resolv.conf, bytes.
const maxResolv = 1 << 20

// ResolvConf is the resolv.conf(5) of a container: the host's own, without servers
// that only the host reaches, with what its networks say of name service, and
// before both what its flags say.
func ResolvConf(c *record.Container, joined ...record.Joined) []byte {
	host := hostResolv(resolvPaths())
	with := *c
	addNames(&with, joined, host)
	return resolvConf(host, &with)
}

// SayNames reports whether networks say anything of name service.
func SayNames(joined []record.Joined) bool {
	return slices.ContainsFunc(joined, func(j record.Joined) bool { return j.DNS != nil })
}

// resolvPaths are the host's resolv.conf(5), and that with the servers
// themselves which systemd-resolved(8) keeps when it stands between.
func resolvPaths() [2]string {
	return [2]string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}
}

// hostResolv reads the first file, or the second where the first names servers
// that only the host reaches.
func hostResolv(paths [2]string) []byte {
	own, _ := fsx.ReadAtMost(fsx.Followed(paths[0]), maxResolv)
	servers, local := 0, 0
	for line := range strings.Lines(string(own)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			servers++
			if loopback(f[1]) {
				local++
			}
		}
	}
	if local == 0 || local < servers {
		return own
	}
	if direct, err := fsx.ReadAtMost(fsx.Followed(paths[1]), maxResolv); err == nil {
		return direct
	}
	return own
}

// resolvConf renders the host's own and what --dns, --dns-search and --dns-option say;
// never nil, for a host without name servers has an empty one.
func resolvConf(host []byte, c *record.Container) []byte {
	out := bytes.NewBuffer([]byte{})
	keep := c.NetworkMode == "host"
	for line := range strings.Lines(string(host)) {
		f := strings.Fields(line)
		if len(f) < 2 || strings.HasPrefix(f[0], "#") || strings.HasPrefix(f[0], ";") {
			continue
		}
		if f[0] == "nameserver" && (len(c.Host.DNS) > 0 || (!keep && loopback(f[1]))) ||
			f[0] == "search" && len(c.Host.DNSSearch) > 0 ||
			f[0] == "options" && len(c.Host.DNSOptions) > 0 {
			continue
		}
		fmt.Fprintln(out, strings.Join(f, " "))
	}
	for _, d := range c.Host.DNS {
		fmt.Fprintln(out, "nameserver", d)
	}
	if s := c.Host.DNSSearch; len(s) > 0 && !(len(s) == 1 && s[0] == ".") {
		fmt.Fprintln(out, "search", strings.Join(s, " "))
	}
	if o := c.Host.DNSOptions; len(o) > 0 {
		fmt.Fprintln(out, "options", strings.Join(o, " "))
	}
	return out.Bytes()
}

func loopback(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.IsLoopback()
}

// addNames adds to c what networks say of name service, as if flags had said it,
// and reports whether that is anything.
func addNames(c *record.Container, joined []record.Joined, host []byte) bool {
	h, keep, found := c.Host, false, false
	for _, j := range joined {
		if j.DNS == nil {
			continue
		}
		found, keep = true, keep || j.DNS.Keep
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
	return found
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
