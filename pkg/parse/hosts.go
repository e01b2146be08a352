package parse

import (
	"net/netip"
	"strings"
)

// HostGateway stands for the host's own address in --add-host.
const HostGateway = "host-gateway"

// ExtraHost reads one --add-host: name:ip, name=ip or name:host-gateway, an IPv6
// address with or without brackets. It returns name:ip without brackets.
func ExtraHost(s string) (string, error) {
	name, ip, ok := strings.Cut(s, "=")
	if !ok {
		name, ip, ok = strings.Cut(s, ":")
	}
	bad := func(r rune) bool { return r <= ' ' || r == ':' || r == '#' || r == 0x7f }
	if !ok || name == "" || strings.ContainsFunc(name, bad) {
		return "", invalid("bad format for add-host: %q", s)
	}
	if ip == HostGateway {
		return name + ":" + ip, nil
	}
	if len(ip) > 2 && ip[0] == '[' && ip[len(ip)-1] == ']' {
		ip = ip[1 : len(ip)-1]
	}
	if a, err := netip.ParseAddr(ip); err != nil || a.Zone() != "" {
		return "", invalid("invalid IP address in add-host: %q", ip)
	}
	return name + ":" + ip, nil
}

// IP reads an address without a zone, in its shortest form.
func IP(s string) (string, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil || a.Zone() != "" {
		return "", invalid("IP address is not correctly formatted: %s", s)
	}
	return a.String(), nil
}

// DNSServer reads one --dns. A zone is allowed: a resolver may be link-local.
func DNSServer(s string) (string, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil || strings.ContainsFunc(a.Zone(), notName) {
		return "", invalid("IP address is not correctly formatted: %s", s)
	}
	return a.String(), nil
}

// DNSSearch reads one --dns-search: a domain, or "." for none at all.
func DNSSearch(s string) (string, error) {
	d := strings.Trim(s, " ")
	if d == "." {
		return d, nil
	}
	d = strings.TrimSuffix(d, ".")
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	if d == "" || len(d) > 253 || !strings.ContainsFunc(d, letter) || strings.ContainsFunc(d, notName) || strings.Contains(d, "..") || strings.Trim(d, ".-") != d {
		return "", invalid("%s is not a valid domain", s)
	}
	return d, nil
}

// DNSOption checks one --dns-option, a word of resolv.conf(5).
func DNSOption(s string) (string, error) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' || r == ';' }) {
		return "", invalid("invalid dns option: %q", s)
	}
	return s, nil
}
