package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// limitRoot puts the writable layer of c's root, in the folders layers, under its
// project. Idempotent.
func limitRoot(ctx context.Context, c *record.Container, layers []string) error {
	i := slices.IndexFunc(c.Projects, func(p record.Project) bool { return p.Path == rootPath })
	if i < 0 {
		return nil
	}
	p := c.Projects[i]
	for _, dir := range layers {
		is, err := quota.Of(dir)
		if err == nil && is != p.ID {
			err = assign(ctx, dir, p.ID)
		}
		if err == nil {
			err = quota.SetLimit(dir, p.ID, quota.Limit{Bytes: p.Size})
		}
		if err != nil {
			return fmt.Errorf("limit the root of container %s: %w", c.Name, err)
		}
	}
	return nil
}

// assign is quota.Assign for a layer. On what an older kernel leaves of one that was
// written to, whiteouts among it, the overlay would fail.
func assign(ctx context.Context, dir string, id uint32) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if filepath.Base(dir) != "work" && len(entries) > 0 && !quota.AssignsAll() {
		return errs.New(errs.Unsupported, "it has written already: a first limit, and another project, are for new containers on a kernel before Linux 6.17")
	}
	return quota.Assign(ctx, dir, id)
}

// layers are the folders that a root writes to: of an overlay what is above and
// where that prepares (both must be of one project, or renaming between them
// fails: the latter first, where files are made), of an image without layers the folder that is bound.
func layers(root ctrd.Rootfs) (out []string) {
	for _, mt := range root {
		if mt.Type == "bind" {
			out = append(out, mt.Source)
		}
		for _, o := range mt.Options {
			if dir, ok := strings.CutPrefix(o, "upperdir="); ok {
				out = append(out, dir)
			}
			if dir, ok := strings.CutPrefix(o, "workdir="); ok {
				out = append([]string{dir}, out...)
			}
		}
	}
	return out
}

// limitVolumes puts the volumes of c under its projects. Idempotent.
func (m *Manager) limitVolumes(ctx context.Context, c *record.Container) error {
	for _, p := range c.Projects {
		for _, mt := range c.Mounts {
			if mt.Type != "volume" || path.Clean(mt.Destination) != p.Path {
				continue
			}
			if err := m.Volume.Charge(ctx, mt.Name, p.ID, p.Size, c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// updateDisk makes the limits of c true that an update has changed from those of
// old. When that fails those of old are again.
func (m *Manager) updateDisk(ctx context.Context, c, old *record.Container) error {
	if slices.Equal(c.Projects, old.Projects) {
		return nil
	}
	err := m.limitDisk(ctx, c)
	if err == nil {
		return m.freeProjects(ctx, old, c.Projects)
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(err, m.freeProjects(ctx, c, old.Projects), m.limitDisk(ctx, old))
}

func (m *Manager) limitDisk(ctx context.Context, c *record.Container) error {
	dirs, err := m.layersOf(ctx, c.ID, c.SnapshotKey())
	if err == nil {
		err = limitRoot(ctx, c, dirs)
	}
	if err == nil {
		err = m.limitVolumes(ctx, c)
	}
	return err
}

// freeDisk takes the limits of a container back that is to go. cerr is the error of
// reading its record.
func (m *Manager) freeDisk(ctx context.Context, id string, c *record.Container, cerr error) error {
	if _, uerr := m.Store.Upgrade(id); cerr != nil || !errs.Is(uerr, errs.NotFound) {
		if err := m.freeUnknown(ctx, id); err != nil {
			return err
		}
	}
	if cerr != nil {
		return nil //nolint:nilerr // all that can be known is free
	}
	return m.freeProjects(ctx, c, nil)
}

// freeProjects takes the limits of c's projects back, but for those of kept and
// those that a --quota-id gives to another container, too. It comes before what is
// limited goes, which tells where it was. Idempotent.
func (m *Manager) freeProjects(ctx context.Context, c *record.Container, kept []record.Project) error {
	if len(c.Projects) == 0 {
		return nil
	}
	taken, err := m.projectsOfOthers(c)
	if err != nil {
		return err
	}
	for _, p := range kept {
		taken[p.ID] = true
	}
	dirs, err := m.layersOf(ctx, c.ID, c.SnapshotKey())
	if err != nil {
		return err
	}
	for _, p := range c.Projects {
		if taken[p.ID] {
			continue
		}
		for _, dir := range append(dirs, m.Store.Root) {
			err = errors.Join(err, quota.Clear(dir, p.ID))
		}
	}
	return err
}

// projectsOfOthers are those of all containers but c. Only a number that somebody
// gave can be of several.
func (m *Manager) projectsOfOthers(c *record.Container) (map[uint32]bool, error) {
	out := map[uint32]bool{}
	if c.QuotaID <= 0 {
		return out, nil
	}
	ids, err := m.Store.ContainerIDs()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		o, err := m.Store.Container(id)
		if err != nil || id == c.ID {
			continue
		}
		for _, p := range o.Projects {
			out[p.ID] = true
		}
	}
	return out, nil
}

// freeUnknown takes back the limits of the writable layers of container id whose
// record cannot be read, or which an upgrade has left: the layers tell their
// projects. Idempotent.
func (m *Manager) freeUnknown(ctx context.Context, id string) error {
	for _, key := range m.snapshotKeys(id) {
		dirs, err := m.layersOf(ctx, id, key)
		if err != nil {
			return err
		}
		for _, dir := range dirs {
			if p, err := quota.Of(dir); err == nil && p >= quota.Containers {
				if err := quota.Clear(dir, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// layersOf are the layers of a snapshot; none when it is gone.
func (m *Manager) layersOf(ctx context.Context, id, key string) ([]string, error) {
	cl, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	root, err := cl.Mounts(ctx, key)
	if errs.Is(err, errs.NotFound) {
		upper, work := m.overLayers(id) // of --rootfs FOLDER:O, if of anything
		return []string{upper, work}, nil
	}
	return layers(root), err
}
