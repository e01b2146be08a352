package container

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Ports returns the published ports of the container that target names, with
// the host's ports in force; none when it does not run. It fails with kind
// not_found.
func (m *Manager) Ports(_ context.Context, target string) ([]record.Port, error) {
	c, st, err := m.find(target)
	if err != nil || !Alive(st) {
		return nil, err
	}
	all, err := m.Network.Attachments()
	if err != nil {
		return nil, err
	}
	return all[c.ID].Ports, nil
}
