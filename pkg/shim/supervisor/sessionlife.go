package supervisor

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// onSignal passes a signal on. One that comes too late is lost: the client
// learns of the end by itself.
func (c *session) onSignal(sig unix.Signal) error {
	t, err := c.s.only()
	if err != nil {
		return nil //nolint:nilerr // as said above
	}
	if c.exec != nil {
		err = c.exec.signal(sig)
	} else {
		t.endedBy(record.ByClient, sig)
		err = t.signal(sig)
	}
	if err != nil {
		c.s.log.debugf("pass signal %d on: %v", sig, err)
	}
	return nil
}

func (c *session) onStop(m *ctl.Message) error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	c.tellEnd()
	go func() {
		who := record.ByStop
		if m.Shutdown {
			who = record.ByShutdown
		}
		if err := t.stop(who, t.signalOf(m), m.Timeout); err != nil {
			c.tell(errorMessage(fmt.Errorf("stop container %s: %w", t.id, err)))
		}
	}()
	return nil
}

func (c *session) onRestart(m *ctl.Message) error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	c.tellLater(func() *ctl.Message {
		if err := t.restart(t.signalOf(m), m.Timeout); err != nil {
			return errorMessage(err)
		}
		return &ctl.Message{Op: ctl.OK}
	})
	return nil
}

// onTask does something at once with the container, and says OK.
func (c *session) onTask(do func(*task) error) error {
	t, err := c.s.only()
	if err == nil {
		err = do(t)
	}
	if err == nil {
		c.tell(&ctl.Message{Op: ctl.OK})
	}
	return err
}

// signalOf is what m asks to end with, else the container's own.
func (t *task) signalOf(m *ctl.Message) unix.Signal {
	if m.Signal != 0 {
		return unix.Signal(m.Signal)
	}
	return t.stopSignal()
}
