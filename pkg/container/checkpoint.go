package container

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// CheckpointOpts say how a checkpoint is made.
type CheckpointOpts struct {
	Dir          string // of all checkpoints; empty: the container's own, which goes with it
	LeaveRunning bool   // the container goes on
	TCPClose     bool   // open connections are closed when it continues; else they make it fail
}

// Checkpoint writes the processes of the running container that target names to
// a new checkpoint of that name, by CRIU. Unless it is left running the container
// ends with that, as by a stop. On error it goes on and no checkpoint is left. It
// fails with kind not_found, invalid for a name that is none, conflict for one
// that is taken or a container that does not run, and unsupported for what CRIU
// cannot do.
func (m *Manager) Checkpoint(ctx context.Context, target, name string, o CheckpointOpts) (err error) {
	c, st, err := m.find(target)
	if err != nil {
		return err
	}
	if !Alive(st) {
		return notRunning(c.ID)
	}
	dir, err := m.checkpointDir(c.ID, name, o.Dir)
	if err != nil {
		return err
	}
	if exists(dir) {
		return errs.New(errs.Conflict, "checkpoint with name %s already exists for container %s", name, c.Name)
	}
	tmp, lock, done, err := store.DraftCheckpoint(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer done()
	cp := record.Checkpoint{
		Name: name, Created: time.Now().UTC(),
		Container: c.ID, ImageDigest: c.Image.Digest, TCPClose: o.TCPClose,
	}
	if err := store.WriteCheckpoint(tmp, &cp); err != nil {
		return err
	}
	if err := m.dump(c.ID, lock.File(), o); err != nil {
		return err
	}
	if err := fsx.MoveDir(tmp, dir); errors.Is(err, fs.ErrExist) {
		return errs.New(errs.Conflict, "checkpoint with name %s already exists for container %s", name, c.Name)
	} else if err != nil {
		return err
	}
	m.event(c, "checkpoint", record.Labels{"checkpoint": name})
	if o.LeaveRunning {
		return nil
	}
	return m.awaitSupervisor(context.WithoutCancel(ctx), c.ID, supervisorEnd)
}

// dump has the supervisor write the processes to the folder dir and mark it complete.
// It goes on to its end, also when this command is killed: the container may have
// ended with it already, and lives on in dir alone. With the descriptor the
// supervisor holds the draft's lock.
func (m *Manager) dump(id string, dir *os.File, o CheckpointOpts) error {
	conn, err := ctl.Dial(m.Store.ControlSocket(id))
	if err != nil {
		return m.unreachable(id)
	}
	defer conn.Close()
	msg := &ctl.Message{Op: ctl.Checkpoint, Checkpoint: &ctl.CheckpointOpts{LeaveRunning: o.LeaveRunning, TCPClose: o.TCPClose}}
	if err := conn.Send(msg, dir); err != nil {
		return err
	}
	_, err = await(conn, ctl.OK)
	return err
}

// checkpointDir is the folder of one checkpoint.
func (m *Manager) checkpointDir(id, name, dir string) (string, error) {
	if _, err := parse.Name("checkpoint", name); err != nil {
		return "", err
	}
	all, err := m.checkpoints(id, dir)
	return filepath.Join(all, name), err
}

// checkpoints is the folder of all of a container's, where those of commands that
// were killed have been settled.
func (m *Manager) checkpoints(id, dir string) (string, error) {
	all := m.Store.CheckpointsDir(id)
	if dir != "" {
		var err error
		if all, err = filepath.Abs(dir); err != nil {
			return "", err
		}
	}
	return all, store.SettleCheckpoints(all)
}

// Checkpoints lists the checkpoints of the container that target names, by name;
// dir as in CheckpointOpts.
func (m *Manager) Checkpoints(target, dir string) ([]record.Checkpoint, error) {
	c, _, err := m.find(target)
	if err != nil {
		return nil, err
	}
	all, err := m.checkpoints(c.ID, dir)
	if err != nil {
		return nil, err
	}
	names, err := entries(all)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	out := []record.Checkpoint{}
	for _, name := range names {
		if cp, err := store.ReadCheckpoint(filepath.Join(all, name)); err == nil && !fsx.IsTemp(name) {
			out = append(out, *cp)
		}
	}
	return out, nil
}

// RemoveCheckpoint removes a checkpoint of the container that target names; dir
// as in CheckpointOpts. It fails with kind not_found.
func (m *Manager) RemoveCheckpoint(target, name, dir string) error {
	c, _, err := m.find(target)
	if err != nil {
		return err
	}
	path, err := m.checkpointDir(c.ID, name, dir)
	if err != nil {
		return err
	}
	if _, err := store.ReadCheckpoint(path); err != nil {
		return noCheckpoint(c, name)
	}
	return store.RemoveCheckpoint(path)
}

func noCheckpoint(c *record.Container, name string) error {
	return errs.New(errs.NotFound, "checkpoint %s does not exist for container %s", name, c.Name)
}

// resume is what a start from a checkpoint tells the supervisor; nil without a
// name. The folder is taken as it is: who may write there decides what runs.
func (m *Manager) resume(c *record.Container, name, dir string) (*ctl.CheckpointOpts, error) {
	if name == "" {
		return nil, nil
	}
	path, err := m.checkpointDir(c.ID, name, dir)
	if err != nil {
		return nil, err
	}
	cp, err := store.ReadCheckpoint(path)
	if err != nil {
		return nil, noCheckpoint(c, name)
	}
	if cp.ImageDigest != c.Image.Digest {
		return nil, errs.New(errs.Conflict, "checkpoint %s is of another image (%s) than container %s (%s)", name, cp.ImageDigest, c.Name, c.Image.Digest)
	}
	return &ctl.CheckpointOpts{Dir: path, TCPClose: cp.TCPClose}, nil
}
