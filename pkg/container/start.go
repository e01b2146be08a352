package container

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sync/errgroup"

	"github.com/pouchcontainer/pouch/pkg/cdi"
	"github.com/pouchcontainer/pouch/pkg/codec"
	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// wiring says how a started container's streams are connected.
type wiring struct {
	stdio         ctl.Stdio
	files         []*os.File // with Inherit and Tee: 0, 1 and 2
	relay         *relay     // of what goes to the caller's terminal
	preserved     []*os.File // for the process to have from 3 on
	env           []string   // what tells the process of them
	detached      bool
	resume        *ctl.CheckpointOpts // a checkpoint to continue; nil: none
	width, height uint16              // with TTY: of the caller's terminal, if it has one
	logTag        string
	logAttrs      map[string]string
}

// launch starts container c under its supervisor: root, network and spec at the
// same time as far as they do not need each other, then the task. s nil starts
// the supervisor here. On error nothing of the run is left, the container itself
// stays. durable waits until the record is on the disk.
func (m *Manager) launch(ctx context.Context, c *record.Container, s *supervisor, w wiring, durable func() error) (_ *supervisor, err error) {
	cl, err := m.engine(ctx)
	if err == nil {
		err = m.checkJoined(c)
	}
	if err == nil {
		err = m.Volume.Mount(ctx, c)
	}
	if err == nil && s == nil {
		s, err = m.newSupervisor(c.ID, cl.Address)
	}
	if err == nil {
		err = m.bringUp(ctx, cl, s, c, w, durable)
	}
	if err == nil {
		s.relay = w.relay
		return s, nil
	}
	if s != nil {
		s.abandon()
	}
	m.event(c, "die", startFailed(err))
	return nil, also(err, m.settle(c.ID))
}

// settle releases what a failed start has made; it must work also when the
// command was told to stop.
func (m *Manager) settle(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), supervisorEnd)
	defer cancel()
	if err := m.awaitSupervisor(ctx, id, supervisorEnd); err != nil {
		return err
	}
	return m.release(ctx, id)
}

// taskError is an error that containerd gave for what the supervisor did.
type taskError struct{ error }

// Unwrap returns containerd's error.
func (e taskError) Unwrap() error { return e.error }

func ofTask(err error) error {
	if err == nil {
		return nil
	}
	return taskError{err}
}

func (m *Manager) bringUp(ctx context.Context, cl *ctrd.Client, s *supervisor, c *record.Container, w wiring, durable func() error) error {
	msg := &ctl.Message{
		Op: ctl.Launch, Stdio: w.stdio, Detached: w.detached, Width: w.width, Height: w.height,
		Checkpoint: w.resume, Preserved: len(w.preserved), Env: w.env, LogTag: w.logTag, LogAttrs: w.logAttrs,
	}
	var err error
	if msg.Unit, err = m.unit.launched(); err != nil {
		return err
	}
	if err := s.conn.Send(msg, slices.Concat(w.files, w.preserved)...); err != nil {
		return fmt.Errorf("talk to the supervisor: %w", err)
	}
	if err := m.hostFiles(ctx, c); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	made := make(chan struct{}) // closed when the network namespace is there
	g.Go(func() error { return m.setUpNetwork(gctx, c, s, made) })
	g.Go(s.spawned)
	g.Go(func() error {
		if err := durable(); err != nil {
			return err
		}
		return m.makeTask(gctx, cl, c, w, made)
	})
	if err := g.Wait(); err != nil {
		if _, ok := errors.AsType[taskError](err); ok {
			return s.explain(err)
		}
		return err
	}
	slog.Debug("task made", "id", short(c.ID))
	return s.begin(ctx)
}

// makeTask makes the container up to its start.
func (m *Manager) makeTask(ctx context.Context, cl *ctrd.Client, c *record.Container, w wiring, netns <-chan struct{}) error {
	var root ctrd.Rootfs
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		root, err = m.root(gctx, cl, c)
		return err
	})
	g.Go(func() error { return m.containerRecord(gctx, cl, c) })
	g.Go(func() error { return cl.EnsureSupervised(gctx) })
	if err := g.Wait(); err != nil {
		return err
	}
	select {
	case <-netns:
	case <-ctx.Done():
		return ctx.Err()
	}
	back, err := makeRoom(c, layers(root))
	if err != nil {
		return err
	}
	_, err = cl.CreateTask(ctx, c.ID, root, w.stdio == ctl.TTY, m.Store.TaskSocket(c.ID))
	return errors.Join(ofTask(err), back())
}

// containerRecord writes containerd's record with the OCI spec.
func (m *Manager) containerRecord(ctx context.Context, cl *ctrd.Client, c *record.Container) error {
	sp, err := m.ociSpec(c)
	if err != nil {
		return err
	}
	data, err := codec.Marshal(sp)
	if err != nil {
		return err
	}
	shim, err := libexec.Find("pouch-shim-delete")
	if err != nil {
		return err
	}
	return cl.CreateContainer(ctx, ctrd.ContainerRecord{ID: c.ID, Image: c.Image.Ref, Snapshot: c.SnapshotKey(), Shim: shim, Spec: data})
}

// ociSpec is the OCI runtime configuration of c on this host.
func (m *Manager) ociSpec(c *record.Container) (*specs.Spec, error) {
	host, err := m.specHost(c)
	if err != nil {
		return nil, err
	}
	sp, err := spec.Build(c, host)
	if err != nil {
		return nil, err
	}
	if err := m.unit.speakable(sp, c, m.Store); err != nil {
		return nil, err
	}
	return sp, cdi.Inject(sp, c.Host.CDIDevices, c.Host.CDISpecDirs)
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
