package network

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// ShareNetns sees to it that network namespaces which NewNetns makes are found
// at their paths by supervisors too, which are older and have a mount namespace
// of their own. To be called before a supervisor starts. Idempotent.
func (m *Manager) ShareNetns(ctx context.Context) error {
	dir := m.s.NetnsDir()
	if netdev.Shared(dir) {
		return nil
	}
	lock, err := m.s.Lock(ctx, "netns", "")
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if netdev.Shared(dir) {
		return nil
	}
	return netdev.ShareMounts(dir)
}
