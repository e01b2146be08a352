package container

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/archive"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

// Diff tells what is other in the root of the container that target names than
// in its image, sorted by path; what is mounted in it does not count. It fails
// with kind not_found or conflict, and unsupported for a root that has no image.
func (m *Manager) Diff(ctx context.Context, target string) (changes []archive.Change, err error) {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return nil, err
	}
	lower, upper, err := m.layers(ctx, id)
	if err == nil {
		// Opened before: where nothing runs the root is mounted over this folder.
		err = withFolder(upper, func(top archive.Tree) error {
			return m.withRoot(ctx, id, true, func(now archive.Tree) error {
				return m.withLayers(id, lower, func(before archive.Tree) error {
					changes, err = archive.Compare(ctx, before, now, top, startPlaces())
					return err
				})
			})
		})
	}
	if err != nil {
		return nil, fmt.Errorf("diff container %s: %w", target, err)
	}
	return changes, nil
}

// layers are the folders of the image, the topmost first, and the one of the
// container's changes.
func (m *Manager) layers(ctx context.Context, id string) (lower []string, upper string, err error) {
	c, err := m.Store.Container(id)
	if err != nil {
		return nil, "", damaged(id, err)
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return nil, "", err
	}
	root, err := m.root(ctx, cl, c)
	if err != nil {
		return nil, "", err
	}
	if len(root) != 1 || root[0].Type == "bind" && c.Image.Rootfs != "" {
		return nil, "", errs.New(errs.Unsupported, "its root is the folder %s itself: there is nothing to compare it with", c.Image.Rootfs)
	}
	if root[0].Type == "bind" {
		return nil, root[0].Source, nil // no layer below
	}
	for _, o := range root[0].Options {
		if v, ok := strings.CutPrefix(o, "lowerdir="); ok {
			lower = strings.Split(v, ":")
		}
		if v, ok := strings.CutPrefix(o, "upperdir="); ok {
			upper = v
		}
	}
	return lower, upper, nil
}

// withLayers calls do with layers on each other, none of which can be changed.
func (m *Manager) withLayers(id string, lower []string, do func(archive.Tree) error) error {
	switch len(lower) {
	case 0:
		return do(archive.Tree{})
	case 1:
		return withFolder(lower[0], do)
	}
	return mount.Apart(func() error {
		at := m.Store.ContainerDir(id)
		all := mount.Mount{Type: "overlay", Source: "overlay", Options: []string{"ro", "lowerdir=" + strings.Join(lower, ":")}}
		if err := all.At(at); err != nil {
			return err
		}
		return withFolder(at, do)
	})
}

func withFolder(dir string, do func(archive.Tree) error) error {
	root, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return do(archive.Tree{Root: root})
}

// startPlaces is where a start mounts something whatever the container, and makes
// a place for it in the root.
func startPlaces() []string {
	return []string{"/dev", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/proc", "/sys"}
}
