package command

import (
	"maps"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func (l *line) networks() {
	c := l.c
	switch list := c.Networks; {
	case len(list) == 0:
		l.add("network", c.NetworkMode)
	case len(list) == 1 && plain(list[0]) && list[0].Network == "bridge": // where nothing is said
	default:
		for _, j := range list {
			l.add("network", join(j))
		}
	}
	for _, p := range c.Ports {
		l.add("publish", port(p))
	}
	h := c.Host
	for _, x := range h.ExtraHosts {
		l.add("add-host", x)
	}
	l.each("dns", h.DNS)
	l.each("dns-search", h.DNSSearch)
	l.each("dns-option", h.DNSOptions)
	for _, k := range c.Links {
		l.add("link", k.Container+":"+k.Alias)
	}
	l.on("disable-network-files", h.NoNetFiles)
}

func plain(j record.Join) bool {
	return reflect.DeepEqual(j, record.Join{Network: j.Network})
}

func join(j record.Join) string {
	if plain(j) {
		return j.Network
	}
	fields := []string{"name=" + j.Network}
	for _, a := range j.Aliases {
		fields = append(fields, "alias="+a)
	}
	for _, f := range [][2]string{{"ip", j.IPv4}, {"ip6", j.IPv6}, {"mac-address", j.MAC}, {"interface-name", j.Interface}} {
		if f[1] != "" {
			fields = append(fields, f[0]+"="+f[1])
		}
	}
	for _, a := range j.LinkLocal {
		fields = append(fields, "link-local-ip="+a)
	}
	for _, k := range slices.Sorted(maps.Keys(j.Options)) {
		fields = append(fields, "driver-opt="+k+"="+j.Options[k])
	}
	if j.Priority != 0 {
		fields = append(fields, "gw-priority="+strconv.Itoa(j.Priority))
	}
	for _, f := range []struct {
		key string
		n   uint64
	}{
		{"ingress-rate", j.Ingress.Bits},
		{"ingress-burst", j.Ingress.Burst},
		{"egress-rate", j.Egress.Bits},
		{"egress-burst", j.Egress.Burst},
	} {
		if f.n != 0 {
			fields = append(fields, f.key+"="+strconv.FormatUint(f.n, 10))
		}
	}
	return csv(fields...)
}

// port is [[IP:][HOST]:]PORT/PROTOCOL.
func port(p record.Port) string {
	out := strconv.Itoa(int(p.ContainerPort)) + "/" + p.Protocol
	host := ""
	if p.HostPort != 0 {
		host = strconv.Itoa(int(p.HostPort))
	}
	if p.HostPortEnd != 0 {
		host += "-" + strconv.Itoa(int(p.HostPortEnd))
	}
	switch {
	case p.HostIP != "" && host == "":
		if strings.Contains(p.HostIP, ":") {
			return "[" + p.HostIP + "]::" + out
		}
		return p.HostIP + "::" + out
	case p.HostIP != "":
		return net.JoinHostPort(p.HostIP, host) + ":" + out
	case host != "":
		return host + ":" + out
	}
	return out
}

func (l *line) secrets() {
	for _, s := range l.c.Secrets {
		fields := []string{"id=" + s.Name}
		if s.Env {
			fields = append(fields, "type=env")
		}
		if s.Target != s.Name {
			fields = append(fields, "target="+s.Target)
		}
		for _, n := range []struct {
			key  string
			n    uint32
			base int
		}{{"uid", s.UID, 10}, {"gid", s.GID, 10}, {"mode", s.Mode, 8}} {
			if n.n != 0 {
				fields = append(fields, n.key+"="+strconv.FormatUint(uint64(n.n), n.base))
			}
		}
		if s.Own {
			l.warn("secret " + s.Name + ": its content is the container's own: store it first, with pouch-run secret create " + s.Name)
		}
		l.add("secret", csv(fields...))
	}
}

func (l *line) mounts() {
	var image []string
	if l.base != nil {
		image = l.base.Volumes
	}
	for _, m := range l.c.Mounts {
		if m.Anonymous && m.Type == "volume" && !m.ReadOnly && !m.NoCopy && len(m.Options) == 0 {
			if !slices.Contains(image, m.Destination) {
				l.anonymous(m)
			}
			continue
		}
		l.mount(m)
	}
	l.on("read-only", l.c.Host.ReadonlyRootfs)
	l.number("shm-size", l.c.Host.ShmSize)
}

func (l *line) anonymous(m record.Mount) {
	if strings.Contains(m.Destination, ":") {
		l.add("mount", csv("type=volume", "target="+m.Destination))
		return
	}
	l.add("volume", m.Destination)
}
