package parse

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Ports reads one --publish: [ip:][host]:ctr[/proto], [ip::]ctr or ctr, each of
// host and ctr a port or a range of ports. Without host, or with 0, the kernel
// chooses; of a range for one ctr the first free port is taken. An IPv6 address stands in brackets. docker's long form
// published=8080,target=80,protocol=tcp is read too.
func Ports(s string) ([]record.Port, error) {
	short, err := shortPublish(s)
	if err != nil {
		return nil, err
	}
	ip, host, ctr, err := splitPublish(short)
	if err != nil {
		return nil, err
	}
	ctr, proto, err := cutProto(ctr)
	if err != nil {
		return nil, invalid("publish %s: %w", s, err)
	}
	cLow, cHigh, ok := portRange(ctr)
	if !ok || cLow == 0 {
		return nil, invalid("publish %s: invalid containerPort: %s", s, ctr)
	}
	var hLow, hHigh, end uint16
	if host != "" {
		if hLow, hHigh, ok = portRange(host); !ok || hLow == 0 && hHigh != 0 {
			return nil, invalid("publish %s: invalid hostPort: %s", s, host)
		}
		switch {
		case hHigh-hLow == cHigh-cLow:
		case cLow == cHigh:
			end = hHigh
		default:
			return nil, invalid("publish %s: invalid ranges specified for container and host Ports: %s and %s: give as many of each", s, ctr, host)
		}
	}
	out := make([]record.Port, 0, int(cHigh-cLow)+1)
	for i := range int(cHigh-cLow) + 1 {
		p := record.Port{HostIP: ip, ContainerPort: cLow + uint16(i), Protocol: proto}
		if hLow != 0 {
			p.HostPort, p.HostPortEnd = hLow+uint16(i), end
		}
		out = append(out, p)
	}
	return out, nil
}

// Expose reads one --expose or ExposedPorts key: ctr[/proto], a port or a range,
// into ports that have no place on the host yet.
func Expose(s string) ([]record.Port, error) {
	if strings.Contains(s, ":") {
		return nil, invalid("invalid port format for expose: %s", s)
	}
	ports, err := Ports(s)
	if err != nil {
		return nil, invalid("invalid port format for expose: %s", s)
	}
	return ports, nil
}

// shortPublish turns the long form of --publish into the short one.
func shortPublish(s string) (string, error) {
	if !strings.Contains(s, "=") {
		return s, nil
	}
	m := map[string]string{"protocol": "tcp"}
	for field := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(field, "=")
		switch {
		case !ok || k == "":
			return "", invalid("publish %s: invalid publish opts format (should be name=value but got '%s')", s, field)
		case k != "published" && k != "target" && k != "protocol" && k != "mode":
			return "", invalid("publish %s: unknown option '%s'", s, k)
		}
		m[k] = v
	}
	return m["published"] + ":" + m["target"] + "/" + m["protocol"], nil
}

// splitPublish takes the three parts of the short form apart.
func splitPublish(s string) (ip, host, ctr string, err error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", s, nil
	}
	ctr, s = s[i+1:], s[:i]
	if i = strings.LastIndexByte(s, ':'); i < 0 {
		return "", s, ctr, nil
	}
	ip, host = s[:i], s[i+1:]
	bare := ip
	if strings.HasPrefix(ip, "[") && strings.HasSuffix(ip, "]") {
		bare = ip[1 : len(ip)-1]
	}
	if ip == "" {
		return "", host, ctr, nil
	}
	a, perr := netip.ParseAddr(bare)
	if perr != nil || a.Zone() != "" {
		return "", "", "", invalid("invalid IP address: %s", ip)
	}
	return a.String(), host, ctr, nil
}

func cutProto(s string) (port, proto string, err error) {
	port, proto, has := strings.Cut(s, "/")
	if port == "" {
		return "", "", invalid("no port specified")
	}
	proto = strings.ToLower(proto)
	if !has || proto == "" {
		proto = "tcp"
	}
	if proto != "tcp" && proto != "udp" && proto != "sctp" {
		return "", "", invalid("invalid proto: %s", proto)
	}
	return port, proto, nil
}

func portRange(s string) (low, high uint16, ok bool) {
	a, b, isRange := strings.Cut(s, "-")
	if !isRange {
		b = a
	}
	l, err1 := strconv.ParseUint(a, 10, 16)
	h, err2 := strconv.ParseUint(b, 10, 16)
	if err1 != nil || err2 != nil || h < l {
		return 0, 0, false
	}
	return uint16(l), uint16(h), true
}
