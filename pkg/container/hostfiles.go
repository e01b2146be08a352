package container

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/network"
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
	hosts := []byte(baseHosts)
	if c.NetworkMode == "host" {
		if own, err := fsx.ReadAtMost(fsx.Followed("/etc/hosts"), maxHostFile); err == nil {
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
		"resolv.conf": network.ResolvConf(c),
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

const baseHosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
