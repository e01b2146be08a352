package supervisor

import "github.com/pouchcontainer/pouch/pkg/ctl"

// onPause pauses the container: for good, or for as long as the client lives,
// who would leave it frozen if it were killed.
func (c *session) onPause(m *ctl.Message) error {
	return c.onTask(func(t *task) error {
		err := t.pause()
		c.hold = err == nil && m.Hold
		return err
	})
}

// letGo ends a pause that was for the time of this connection.
func (c *session) letGo() {
	t, err := c.s.only()
	if !c.hold || err != nil {
		return
	}
	t.mu.Lock()
	paused := t.paused
	t.mu.Unlock()
	if !paused {
		return // somebody has unpaused it meanwhile
	}
	if err := t.resume(); err != nil {
		c.s.log.errorf("unpause: %v", err)
	}
}
