package container

import (
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// useNames rewrites the container's resolv.conf where its networks say something of
// name service and its flags do not.
func (m *Manager) useNames(c *record.Container, joined []record.Joined) error {
	if filesOf(c) != c.ID || c.Host.NoNetFiles || !network.SayNames(joined) {
		return nil
	}
	return m.Store.OverwriteResolv(c.ID, network.ResolvConf(c, joined...))
}
