package container

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// UpgradeOpts are the options of Upgrade.
type UpgradeOpts struct {
	Image    string // as written
	Pull     string // as of Options
	Quiet    bool
	AuthFile string

	EntrypointSet bool
	Entrypoint    []string
	Cmd           []string      // empty: the container's own as it was given, else the new image's
	Timeout       time.Duration // within which the new container must be healthy
}

// settleTime is how long a container without a health check must run to count
// as a good one.
const settleTime = 10 * time.Second

// Upgrade puts another image under the container that target names. Id, name,
// addresses, ports, volumes, limits and whatever else was given stay; what came
// from the old image is now the new one's. A container that runs is stopped, and
// the new one must become healthy within the time, or, without a health check,
// run for settleTime or the time, whichever is shorter; else, and when ctx ends,
// the old one comes back, whose root was not touched, and the error says why,
// with the last lines of the log. One that does not run is not started. Killed
// anywhere, it is finished or taken back by the next start, upgrade or gc. It
// fails with kind not_found, invalid, unsupported, conflict when another upgrade
// is under way, or unavailable for one that was taken back.
func (m *Manager) Upgrade(ctx context.Context, target string, o UpgradeOpts) error {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return err
	}
	if err := m.upgrade(ctx, id, o); err != nil {
		return fmt.Errorf("upgrade container %s to %s: %w", target, o.Image, err)
	}
	return nil
}

func (m *Manager) upgrade(ctx context.Context, id string, o UpgradeOpts) error {
	if err := m.settleUpgrade(ctx, id); err != nil {
		return err
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	img, err := m.image(ctx, cl, &Options{Image: o.Image, Pull: o.Pull, Quiet: o.Quiet, AuthFile: o.AuthFile})
	if err != nil {
		return err
	}
	u, err := m.intendUpgrade(ctx, id, img, o)
	if err != nil {
		return err
	}
	err = m.prepareUpgrade(ctx, u)
	if err == nil && u.Ran {
		err = m.try(ctx, u, o.Timeout)
	}
	end := context.WithoutCancel(ctx)
	if err != nil {
		return m.takeBack(end, u, err)
	}
	return m.finishUpgrade(end, u)
}

// takeBack undoes an upgrade that failed.
func (m *Manager) takeBack(ctx context.Context, u *record.Upgrade, why error) error {
	ran := u.Ran
	if errors.Is(why, errStopped) {
		u.Ran = false // whoever stopped it does not want it to run
	}
	err := m.undoUpgrade(ctx, u)
	switch {
	case errs.Is(err, errs.NotFound) && !m.exists(u.Old.ID):
		return errs.New(errs.NotFound, "%w: the container was removed meanwhile", why)
	case err != nil:
		return errors.Join(why, fmt.Errorf("put the old container back: %w", err))
	case ran:
		return errs.New(errs.Unavailable, "rolled back: %w", why)
	}
	return why
}

// intendUpgrade plans the new container and writes the intent; nothing else is
// changed.
func (m *Manager) intendUpgrade(ctx context.Context, id string, img *images.Resolved, o UpgradeOpts) (*record.Upgrade, error) {
	lock, err := m.Store.Lock(ctx, "c", id)
	if err != nil {
		return nil, err
	}
	defer m.drop(lock, id)
	c, st, err := m.look(id)
	if err != nil {
		return nil, err
	}
	if err := mayUpgrade(c, st); err != nil {
		return nil, err
	}
	if _, err := m.Store.Upgrade(id); !errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.Conflict, "another upgrade of it has just begun")
	}
	n, err := m.planUpgrade(c, img, o)
	if err != nil {
		return nil, err
	}
	u := &record.Upgrade{Step: record.UpgradePrepare, BootID: m.bootID(), Ran: Alive(st), Old: *c, New: *n}
	if u.Owner, err = proc.Self(); err != nil {
		return nil, err
	}
	if u.Ran {
		nets, err := m.Network.Attachments()
		if err != nil {
			return nil, err
		}
		u.Networks, u.Ports = nets[id].Networks, nets[id].Ports
	}
	return u, m.Store.SetUpgrade(u)
}

func mayUpgrade(c *record.Container, st *record.State) error {
	switch st.Status {
	case record.Running, record.Created, record.Exited:
	default:
		return errs.New(errs.Conflict, "it is %s: it can be upgraded when it runs or has ended", st.Status)
	}
	if c.Image.Rootfs != "" {
		return errs.New(errs.Unsupported, "its root is the folder %s, not an image's", c.Image.Rootfs)
	}
	return nil
}

// prepareUpgrade makes the new root beside the old one.
func (m *Manager) prepareUpgrade(ctx context.Context, u *record.Upgrade) error {
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	key := u.New.SnapshotKey()
	if err := cl.RemoveSnapshot(ctx, key); err != nil {
		return err
	}
	if _, err := cl.Prepare(ctx, key, u.New.Image.ChainID); err != nil {
		return fmt.Errorf("prepare the root of %s: %w", u.New.Image.Ref, err)
	}
	slog.Debug("upgrade prepared", "id", short(u.Old.ID), "image", u.New.Image.Digest)
	return nil
}

// advance writes the next step, durably, before anything of it is done.
func (m *Manager) advance(u *record.Upgrade, step record.UpgradeStep) error {
	u.Step = step
	return m.Store.SetUpgrade(u)
}
