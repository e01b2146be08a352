package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Create makes the container that o asks for, ready to be started, and returns
// its id. On error nothing is left.
func (m *Manager) Create(ctx context.Context, o *Options) (id string, err error) {
	if err := checkCIDFile(o.CIDFile); err != nil {
		return "", err
	}
	id, written, err := m.idFor(ctx, o)
	if err != nil {
		return "", err
	}
	c, durable, err := m.intend(ctx, id, o)
	written()
	defer func() {
		if err != nil && c != nil {
			err = also(err, m.undo(c.ID))
		}
	}()
	if err != nil {
		return "", err
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return "", err
	}
	if err := m.provide(ctx, c); err != nil {
		return "", err
	}
	if err := durable(); err != nil {
		return "", err
	}
	if _, err := m.root(ctx, cl, c); err != nil {
		return "", err
	}
	if err := m.containerRecord(ctx, cl, c); err != nil {
		return "", err
	}
	if err := m.Store.SetState(c.ID, &record.State{Status: record.Created}); err != nil {
		return "", err
	}
	return c.ID, writeCIDFile(o.CIDFile, c.ID)
}

// intend plans the container and writes its record, its intent and its name:
// from now on it is there, and whoever finds its owner dead destroys it. The
// disk is not waited for: durable does that, before anything else that survives
// a power cut is made. An error with a container asks the caller for undo.
func (m *Manager) intend(ctx context.Context, id string, o *Options) (c *record.Container, durable func() error, err error) {
	cl, err := m.engine(ctx)
	if err != nil {
		return nil, nil, err
	}
	img, err := m.imageOf(ctx, cl, o)
	if err != nil {
		return nil, nil, err
	}
	taken, err := m.lockUserns(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	defer taken()
	if c, err = m.plan(id, o, img); err != nil {
		return nil, nil, err
	}
	if err := m.replace(ctx, o); err != nil {
		return nil, nil, err
	}
	if err := m.write(ctx, c); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, nil, idTaken(id) // it is not this command's to undo
		}
		return c, nil, err
	}
	if err := m.keepSecrets(c.ID, o.Secrets); err != nil {
		return c, nil, err
	}
	slog.Debug("record written", "id", short(c.ID), "name", c.Name, "image", img.Digest)
	m.event(c, "create", nil)
	synced := make(chan error, 1)
	go func() { synced <- m.Store.SyncContainer(c) }()
	return c, sync.OnceValue(func() error {
		if err := <-synced; err != nil {
			return fmt.Errorf("write the record of the container: %w", err)
		}
		return nil
	}), nil
}

// write puts the record on disk under its name.
func (m *Manager) write(ctx context.Context, c *record.Container) error {
	me, err := proc.Self()
	if err != nil {
		return err
	}
	made := c.Name == ""
	if made {
		c.Name = randomName()
	}
	st := &record.State{Status: record.Creating, Owner: me, BootID: m.bootID(), CgroupParent: m.unit.group}
	if err := m.Store.CreateContainer(c, st); err != nil {
		return fmt.Errorf("write the record of the container: %w", err)
	}
	if !made {
		return m.claim(ctx, c)
	}
	first := c.Name
	if err := m.madeUp(c); err != nil || c.Name == first {
		return err
	}
	return m.Store.DraftContainer(c)
}

// undo destroys what a failed create or run has made; it must work also when
// the command was told to stop, and when no engine answers there is nothing in
// it yet that gc would not find.
func (m *Manager) undo(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*supervisorEnd)
	defer cancel()
	return m.Destroy(ctx, id, true)
}

// provide makes ready what the container's mounts need.
func (m *Manager) provide(ctx context.Context, c *record.Container) error {
	warnings, err := m.Volume.Provide(ctx, c)
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, "pouch-run: warning:", w)
	}
	if err != nil {
		return err
	}
	return m.limitVolumes(ctx, c)
}

// checkCIDFile refuses, before anything is made, a file that is there or whose
// folder is not.
func checkCIDFile(path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return errCIDFile(path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return errs.New(errs.Invalid, "--cidfile %s: %w", path, err)
	}
	return nil
}

func errCIDFile(path string) error {
	return errs.New(errs.Conflict, "container ID file found, make sure the other container isn't running or delete %s", path)
}

// writeCIDFile makes the file with the id, and never replaces one.
func writeCIDFile(path, id string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return errCIDFile(path)
	}
	if err != nil {
		return fmt.Errorf("write the container id: %w", err)
	}
	_, err = f.WriteString(id)
	return errors.Join(err, f.Close())
}

// bridgeMode reports whether mode is docker's name of the default network.
func bridgeMode(mode string) bool { return mode == "" || mode == "default" || mode == "bridge" }

// plan makes the record of the container: image and words merged. It changes
// nothing.
func (m *Manager) plan(id string, o *Options, img *images.Resolved) (*record.Container, error) {
	c := &record.Container{
		ID: id, Name: o.Name, Created: time.Now().UTC(),
		Image: record.Image{
			Name: o.Image, Ref: img.Ref, Digest: img.Digest.String(), ConfigDigest: img.ConfigDigest.String(), ChainID: img.ChainID.String(), Rootfs: o.Rootfs,
		},
		Host: o.Host, NetworkMode: o.NetworkMode, Networks: o.Networks, Ports: o.Ports,
		Mounts: o.Mounts, Policy: o.Policy, Annotations: o.Annotations, Runtime: o.Runtime,
		DiskQuotas: o.DiskQuotas, QuotaID: o.QuotaID,
	}
	if err := m.planJoins(c); err != nil {
		return nil, err
	}
	if err := planRich(c, o); err != nil {
		return nil, err
	}
	if err := m.merge(c, o, img); err != nil {
		return nil, err
	}
	if err := checkNetMode(c, o); err != nil {
		return nil, err
	}
	if err := m.planNetwork(c); err != nil {
		return nil, err
	}
	if err := m.planNamespaces(c, o); err != nil {
		return nil, err
	}
	if err := m.planHostname(c); err != nil {
		return nil, err
	}
	if err := m.planSecrets(c, o); err != nil {
		return nil, err
	}
	if err := m.Volume.Plan(c); err != nil {
		return nil, err
	}
	return c, m.planProjects(c, nil)
}

// planNetwork checks that what the container joins is there.
func (m *Manager) planNetwork(c *record.Container) error {
	if bridgeMode(c.NetworkMode) {
		c.NetworkMode = "bridge"
	}
	if !own(c) {
		return nil
	}
	for _, j := range m.joins(c) {
		if bridgeMode(j.Network) {
			continue // made at use
		}
		if _, err := m.Network.Inspect(j.Network); err != nil {
			return err
		}
	}
	return nil
}

// planHostname fills in the host name that docker would.
func (m *Manager) planHostname(c *record.Container) error {
	switch {
	case c.Host.Hostname != "":
	case c.NetworkMode == "host" || c.Host.UtsMode == "host":
		name, err := os.Hostname()
		if err != nil {
			return err
		}
		c.Host.Hostname = name
	case strings.HasPrefix(c.NetworkMode, "container:"), strings.HasPrefix(c.Host.UtsMode, "container:"):
		id, ok := strings.CutPrefix(c.Host.UtsMode, "container:")
		if !ok {
			id = strings.TrimPrefix(c.NetworkMode, "container:")
		}
		other, err := m.Store.Container(id)
		if err != nil {
			return err
		}
		c.Host.Hostname = other.Host.Hostname
	default:
		c.Host.Hostname = short(c.ID)
	}
	return nil
}
