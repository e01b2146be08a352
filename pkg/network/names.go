package network

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// resolvOf is the resolv.conf that a running container gets by the networks that it is
// in now; nil for one whose files are not Pouch's.
func (m *Manager) resolvOf(c *record.Container) []byte {
	if c.Host.NoNetFiles {
		return nil
	}
	js, err := m.joined(func(l *record.Lease) bool { return l.Container == c.ID })
	if err != nil {
		return nil
	}
	st, err := m.s.State(c.ID)
	if err != nil {
		return nil
	}
	for i := range js {
		for _, was := range st.Networks { // what CNI plugins say stands there alone
			if js[i].DNS == nil && was.Network == js[i].Network && was.Iface == js[i].Iface {
				js[i].DNS = was.DNS
			}
		}
	}
	return ResolvConf(c, js...)
}

// followNames brings the resolv.conf of a running container from what it was before to
// what its networks say now. One that the container has changed stays as it is.
func (m *Manager) followNames(c *record.Container, before []byte) error {
	now := m.resolvOf(c)
	if before == nil || now == nil || bytes.Equal(before, now) {
		return nil
	}
	file, err := m.s.Resolv(c.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case keepsFile(c.ID, err):
		return nil
	case err == nil && !bytes.Equal(file, before):
		slog.Warn("the container has changed its resolv.conf, which stays so", "container", c.Name)
		return nil
	case err != nil:
		return err
	}
	if err := m.s.OverwriteResolv(c.ID, now); !keepsFile(c.ID, err) {
		return err
	}
	return nil
}
