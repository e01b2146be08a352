package supervisor

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// onCheckpoint writes the container's processes to the folder that came along.
func (c *session) onCheckpoint(m *ctl.Message, files []*os.File) error {
	if len(files) != 1 || m.Checkpoint == nil {
		return errs.New(errs.Invalid, "checkpoint: a folder is needed")
	}
	t, err := c.s.only()
	if err != nil {
		return err
	}
	c.tellLater(func() *ctl.Message {
		defer closeAll(files)
		if err := t.checkpoint(files[0], m.Checkpoint); err != nil {
			return errorMessage(err)
		}
		return &ctl.Message{Op: ctl.OK}
	})
	return nil
}

// checkpoint ends the container with its checkpoint, for good as a stop does,
// unless it is left running.
func (t *task) checkpoint(dir *os.File, o *ctl.CheckpointOpts) error {
	c, phase := t.current()
	if phase != running {
		return errs.New(errs.Conflict, "checkpoint container %s: it is %s", t.id, phase)
	}
	p, ok := c.(engine.Checkpointer)
	if !ok {
		return errs.New(errs.Unsupported, "checkpoint container %s: checkpoints work with the built-in runtime alone, not with %s", t.id, t.rec.Runtime)
	}
	if t.rec.Host.Lxcfs {
		return errs.New(errs.Unsupported, "checkpoint container %s: it runs with --lxcfs, whose files and answers no checkpoint can keep", t.id)
	}
	if !o.LeaveRunning {
		t.setDumping(true)
	}
	// By descriptor: this process may not see the folder under its name.
	err := p.Checkpoint(engine.Checkpoint{
		Dir: fmt.Sprintf("/proc/self/fd/%d", dir.Fd()), LeaveRunning: o.LeaveRunning, TCPClose: o.TCPClose,
	})
	if err == nil {
		err = store.CompleteCheckpoint(dir)
	}
	if err != nil || o.LeaveRunning {
		t.setDumping(false)
		return err
	}
	t.endedBy(record.ByCheckpoint, unix.SIGKILL)
	t.stopByUser()
	<-t.ended
	return nil
}

// setDumping says whether the end of this life would be that of a checkpoint,
// after which the restart policy begins no other.
func (t *task) setDumping(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dumping = on
}

// restored is the checkpoint that the first life continues; nil: none.
func (s *Supervisor) restored() *engine.Checkpoint {
	if s.client == nil || !isClosed(s.client.got) || s.client.l.msg.Checkpoint == nil {
		return nil
	}
	o := s.client.l.msg.Checkpoint
	return &engine.Checkpoint{Dir: o.Dir, TCPClose: o.TCPClose}
}
