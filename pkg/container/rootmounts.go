package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// rootView mounts a container's files in this thread's own mount namespace as
// a start would have them, over the folder of its record.
type rootView struct {
	m     *Manager
	c     *record.Container
	at    string
	trees []placed
}

// placed is what is to be mounted at a path of the container.
type placed struct {
	path string
	tree mount.Tree
	dir  bool
}

func (v *rootView) close() {
	for _, p := range v.trees {
		p.tree.Close()
	}
}

// mountsOf turns containerd's mounts of c's root into those that its supervisor
// makes of them.
func mountsOf(c *record.Container, root ctrd.Rootfs) []mount.Mount {
	out := make([]mount.Mount, 0, len(root))
	for _, r := range root {
		out = append(out, mount.Mount{Type: r.Type, Source: r.Source, Target: r.Target, Options: r.Options})
	}
	if len(c.Host.UIDMap) > 0 {
		out = mount.Mapped(out, c.Host.UIDMap, c.Host.GIDMap)
	}
	return out
}

func (v *rootView) mount(ctx context.Context, root []mount.Mount, bare bool) error {
	if !bare { // before the root covers what may be among them
		if err := v.open(); err != nil {
			return err
		}
	}
	if err := mount.All(root, v.at); err != nil || bare {
		return err
	}
	if err := v.populate(ctx); err != nil {
		return err
	}
	h, err := os.OpenFile(v.at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := v.place(h); err != nil || !v.c.Host.ReadonlyRootfs {
		return err
	}
	return mount.ReadOnly(v.at)
}

// open takes the sources of what is mounted in the container.
func (v *rootView) open() error {
	for _, name := range []string{"hosts", "hostname", "resolv.conf"} {
		if file := v.m.Store.HostFile(filesOf(v.c), name); exists(file) && !v.c.Host.NoNetFiles {
			if err := v.take("/etc/"+name, file, false, v.c.Host.ReadonlyRootfs); err != nil {
				return err
			}
		}
	}
	for _, mt := range v.c.Mounts {
		if mt.Type == "tmpfs" {
			continue
		}
		deep := !slices.Contains(mt.Options, parse.BindNonRecursive)
		if err := v.take(mt.Destination, mt.Source, deep, mt.ReadOnly); err != nil {
			return err
		}
	}
	return nil
}

func (v *rootView) take(at, source string, deep, readonly bool) error {
	st, err := os.Stat(source)
	if err != nil {
		return fmt.Errorf("mount %s: %w", at, err)
	}
	t, err := mount.OpenTree(source, deep, readonly)
	if err != nil {
		return fmt.Errorf("mount %s: %w", at, err)
	}
	v.trees = append(v.trees, placed{at, t, st.IsDir()})
	return nil
}

// populate fills new volumes, as the first start would: it does so only while
// they are empty.
func (v *rootView) populate(ctx context.Context) error {
	for _, mt := range v.c.Mounts {
		if mt.Type != "volume" || mt.NoCopy {
			continue
		}
		if err := volume.Populate(ctx, v.m.Store, mt.Name, v.at, mt.Destination); err != nil {
			return err
		}
	}
	return nil
}

// place mounts everything, parents before children.
func (v *rootView) place(root *os.File) error {
	slices.SortStableFunc(v.trees, func(a, b placed) int { return strings.Count(a.path, "/") - strings.Count(b.path, "/") })
	for _, p := range v.trees {
		target, err := mountPoint(root, p.path, p.dir)
		if err != nil {
			return fmt.Errorf("mount %s: %w", p.path, err)
		}
		err = p.tree.On(target)
		target.Close()
		if err != nil {
			return fmt.Errorf("mount %s: %w", p.path, err)
		}
	}
	return v.placeTmpfs(root)
}

// placeTmpfs covers the places of a tmpfs, which has nothing while the container
// does not run: what was written there would be lost.
func (v *rootView) placeTmpfs(root *os.File) error {
	for _, mt := range v.c.Mounts {
		if mt.Type != "tmpfs" {
			continue
		}
		target, err := mountPoint(root, mt.Destination, true)
		if err != nil {
			return fmt.Errorf("mount %s: %w", mt.Destination, err)
		}
		err = mount.Mount{Type: "tmpfs", Source: "tmpfs", Options: []string{"ro", "size=4k"}}.At(fmt.Sprintf("/proc/self/fd/%d", target.Fd()))
		target.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// mountPoint opens the place of a mount in the root, and makes what is missing
// of it, as the runtime does.
func mountPoint(root *os.File, p string, dir bool) (*os.File, error) {
	h, err := mount.OpenInRoot(root, p)
	if !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if dir {
		return mount.MkdirAllInRoot(root, p, 0o755)
	}
	up, err := mount.MkdirAllInRoot(root, path.Dir(p), 0o755)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	fd, err := unix.Openat(int(up.Fd()), path.Base(p), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	if err == nil {
		unix.Close(fd)
	}
	return mount.OpenInRoot(root, p)
}
