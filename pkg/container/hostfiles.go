package container

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// maxHostFile bounds what is read of the host's files, bytes.
const maxHostFile = 1 << 20

// hostFiles writes the container's hosts, hostname and resolv.conf. The names
// of its networks' members come into hosts when it joins them.
func (m *Manager) hostFiles(ctx context.Context, c *record.Container) error {
	if filesOf(c) != c.ID || c.Host.NoNetFiles {
		return nil
	}
	resolv := hostResolv(resolvPaths())
	hosts := []byte(baseHosts)
	if c.NetworkMode == "host" {
		if own, err := fsx.ReadAtMost(followed("/etc/hosts"), maxHostFile); err == nil {
			hosts = own
		}
	}
	for _, x := range c.Host.ExtraHosts {
		name, ip, _ := strings.Cut(x, ":")
		if ip == parse.HostGateway {
			var err error
			if ip, err = m.hostAddress(ctx, c); err != nil {
				return fmt.Errorf("--add-host %s: %w", x, err)
			}
		}
		hosts = fmt.Appendf(hosts, "%s\t%s\n", ip, name)
	}
	linked, err := m.linkLines(c)
	if err != nil {
		return err
	}
	hosts = append(hosts, linked...)
	for name, data := range map[string][]byte{
		"hosts":       hosts,
		"hostname":    []byte(c.Host.Hostname + "\n"),
		"resolv.conf": resolvConf(resolv, c),
	} {
		if err := m.Store.WriteHostFile(c.ID, name, data); err != nil {
			return err
		}
		if err := m.ownHostFile(c, name); err != nil {
			return err
		}
	}
	return nil
}

// ownHostFile gives a file to the root of the container's user namespace.
func (m *Manager) ownHostFile(c *record.Container, name string) error {
	if len(c.Host.UIDMap) == 0 {
		return nil
	}
	uid, _ := spec.ToHost(c.Host.UIDMap, 0)
	gid, _ := spec.ToHost(c.Host.GIDMap, 0)
	return os.Lchown(m.Store.HostFile(c.ID, name), int(uid), int(gid))
}

// hostAddress is where c reaches the host: the gateway of its first network.
func (m *Manager) hostAddress(ctx context.Context, c *record.Container) (string, error) {
	switch {
	case c.NetworkMode == "host":
		return "127.0.0.1", nil
	case !own(c):
		return "", errs.New(errs.Invalid, "network mode %s has no way to the host", c.NetworkMode)
	}
	return m.Network.Gateway(ctx, m.joins(c)[0].Network)
}

// resolvPaths are the host's resolv.conf(5), and that with the servers
// themselves which systemd-resolved(8) keeps when it stands between.
func resolvPaths() [2]string {
	return [2]string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}
}

// hostResolv reads the first file, or the second where the first names servers
// that only the host reaches.
func hostResolv(paths [2]string) []byte {
	own, _ := fsx.ReadAtMost(followed(paths[0]), maxHostFile)
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
	if direct, err := fsx.ReadAtMost(followed(paths[1]), maxHostFile); err == nil {
		return direct
	}
	return own
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
