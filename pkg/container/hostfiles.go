package container

import (
	"bytes"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// maxHostFile bounds what is read of the host's files, bytes.
const maxHostFile = 1 << 20

// hostFiles writes the container's hosts, hostname and resolv.conf. The names
// of its networks' members come into hosts when it joins them.
func (m *Manager) hostFiles(c *record.Container) error {
	resolv, _ := fsx.ReadAtMost(followed("/etc/resolv.conf"), maxHostFile)
	hosts := []byte(baseHosts)
	if c.NetworkMode == "host" {
		if own, err := fsx.ReadAtMost(followed("/etc/hosts"), maxHostFile); err == nil {
			hosts = own
		}
	}
	for _, x := range c.Host.ExtraHosts {
		name, ip, _ := strings.Cut(x, ":")
		hosts = fmt.Appendf(hosts, "%s\t%s\n", ip, name)
	}
	for name, data := range map[string][]byte{
		"hosts":       hosts,
		"hostname":    []byte(c.Host.Hostname + "\n"),
		"resolv.conf": resolvConf(resolv, c),
	} {
		if err := m.Store.WriteHostFile(c.ID, name, data); err != nil {
			return err
		}
	}
	return nil
}

const baseHosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"

// resolvConf renders resolv.conf(5): the host's own, without servers that only
// the host reaches, and what --dns, --dns-search and --dns-option say.
func resolvConf(host []byte, c *record.Container) []byte {
	var out bytes.Buffer
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
		fmt.Fprintln(&out, strings.Join(f, " "))
	}
	for _, d := range c.Host.DNS {
		fmt.Fprintln(&out, "nameserver", d)
	}
	if s := c.Host.DNSSearch; len(s) > 0 && !(len(s) == 1 && s[0] == ".") {
		fmt.Fprintln(&out, "search", strings.Join(s, " "))
	}
	if o := c.Host.DNSOptions; len(o) > 0 {
		fmt.Fprintln(&out, "options", strings.Join(o, " "))
	}
	return out.Bytes()
}

func loopback(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.IsLoopback()
}

// followed is the file that path leads to; the host's own links are trusted.
func followed(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}
