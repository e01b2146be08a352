package network

import "github.com/pouchcontainer/pouch/pkg/netdev"

// NewNetns makes the network namespace of container id, loopback up, and
// returns its path. One that a killed command left there is replaced.
func (m *Manager) NewNetns(id string) (string, error) {
	path := m.s.Netns(id)
	_, err := netdev.NewNetns(path)
	return path, err
}

// RemoveNetns gives the network namespace of container id up: it ends with its
// last process. Idempotent. DetachAll comes first.
func (m *Manager) RemoveNetns(id string) error { return netdev.RemoveNetns(m.s.Netns(id)) }
