package network

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// NewNetns makes the network namespace of container id, loopback up, and
// returns its path. One that a killed command left there is replaced.
func (m *Manager) NewNetns(id string) (string, error) {
	path := m.s.Netns(id)
	_, err := netdev.NewNetns(path)
	return path, err
}

// NewUserNetns is NewNetns in a new user namespace that has these ids: the
// network namespace belongs to it, and it lives as long.
func (m *Manager) NewUserNetns(id string, uids, gids []record.IDMap) (path string, err error) {
	path = m.s.Netns(id)
	err = proc.WithUserns(uids, gids, unix.CLONE_NEWNET, func(pid int) error {
		return netdev.KeepNetns(path, fmt.Sprintf("/proc/%d/ns/net", pid))
	})
	return path, err
}

// RemoveNetns gives the network namespace of container id up: it ends with its
// last process. Idempotent. DetachAll comes first.
func (m *Manager) RemoveNetns(id string) error { return netdev.RemoveNetns(m.s.Netns(id)) }

// NetnsOf returns the path of the network namespace that a running container
// has of its own, and the container's id. Kind not_found for no such container,
// invalid when it has none.
func (m *Manager) NetnsOf(container string) (path, id string, err error) {
	id, err = m.s.ResolveContainer(container)
	if err != nil {
		return "", "", err
	}
	path = m.s.Netns(id)
	if _, err := netdev.NetnsInode(path); err != nil {
		return "", "", errs.New(errs.Invalid, "container %s: it has no network namespace of its own now", container)
	}
	return path, id, nil
}
