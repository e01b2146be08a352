package supervisor

import (
	"slices"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// onPublished tells the published ports, some hundred a message.
func (c *session) onPublished() error {
	const most = 512
	for ports := range slices.Chunk(c.s.ports.Ports(), most) {
		c.tell(&ctl.Message{Op: ctl.Ports, Ports: ports})
	}
	c.tell(&ctl.Message{Op: ctl.OK})
	return nil
}

func (c *session) onRetarget(m *ctl.Message) error {
	if err := c.s.ports.Retarget(m.Target); err != nil {
		return err
	}
	c.tell(&ctl.Message{Op: ctl.OK})
	return nil
}
