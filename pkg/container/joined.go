package container

import (
	"fmt"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// planNamespaces settles whose namespaces c has, and in a user namespace which
// ids.
func (m *Manager) planNamespaces(c *record.Container, o *Options) error {
	if c.Host.UtsMode != "" && c.Host.UtsMode != "private" && o.Host.Hostname != "" {
		return errs.New(errs.Invalid, "conflicting options: hostname and the UTS mode")
	}
	if err := m.planLinks(c, o.Links); err != nil {
		return err
	}
	return m.planUserns(c, o.Process.User)
}

// planJoins puts ids in the place of the names of containers whose namespaces c
// joins. They need not run yet.
func (m *Manager) planJoins(c *record.Container) error {
	for _, mode := range joinModes(c) {
		name, ok := strings.CutPrefix(*mode.of, "container:")
		if !ok {
			continue
		}
		id, err := m.Store.ResolveContainer(name)
		if err != nil {
			return fmt.Errorf("join the %s namespace of a container: %w", mode.what, err)
		}
		*mode.of = "container:" + id
		other, err := m.Store.Container(id)
		if err != nil {
			return damaged(id, err)
		}
		if mode.what == "IPC" && other.Host.IpcMode != "shareable" {
			return errs.New(errs.Conflict, "can't join IPC of container %s: non-shareable IPC: make that one with --ipc shareable", other.Name)
		}
		if mode.what == "user" {
			joinUserns(c, other)
		}
	}
	return nil
}

// joinMode is one of the modes of a record that may name another container.
type joinMode struct {
	what string
	of   *string
}

func joinModes(c *record.Container) []joinMode {
	h := &c.Host
	return []joinMode{
		{"network", &c.NetworkMode}, {"PID", &h.PidMode}, {"IPC", &h.IpcMode}, {"UTS", &h.UtsMode}, {"user", &h.UsernsMode},
	}
}

// joinUserns gives c the maps of the user namespace that it joins; the host's
// has none.
func joinUserns(c, other *record.Container) {
	c.Host.UIDMap, c.Host.GIDMap = other.Host.UIDMap, other.Host.GIDMap
	if len(other.Host.UIDMap) == 0 {
		c.Host.UsernsMode = "host"
	}
}

// checkJoined fails with kind conflict when a container whose namespaces c joins
// does not run, before anything of the start is made. The supervisor looks again.
func (m *Manager) checkJoined(c *record.Container) error {
	for _, mode := range joinModes(c) {
		id, ok := strings.CutPrefix(*mode.of, "container:")
		if !ok {
			continue
		}
		if id == c.ID {
			return errs.New(errs.Invalid, "container %s joins the %s namespace of itself", c.Name, mode.what)
		}
		other, st, err := m.look(id)
		if errs.Is(err, errs.NotFound) {
			return errs.New(errs.NotFound, "cannot join %s of a container that is gone: No such container: %s", mode.what, short(id))
		}
		if err != nil {
			return err
		}
		if st.Status != record.Running && st.Status != record.Paused {
			return errs.New(errs.Conflict, "cannot join %s of a non running container: %s: start it first", mode.what, other.Name)
		}
	}
	return nil
}
