package archive

import (
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Change is what became of a path, docker's letters.
type Change struct {
	Kind byte // A added, C changed, D deleted
	Path string
}

// Compare tells what is other in now than it was in before, sorted by path: as
// `docker diff` does, with a folder as changed when something in it is, and of a
// deleted folder itself alone. Where upper has not a folder that both have,
// nothing in it has changed: overlayfs copies to its upper folder all that is
// touched (kernel, filesystems/overlayfs.rst). What was added at a path of
// except, or as a folder for nothing but those, does not count. Before may have
// no root: there was nothing.
func Compare(ctx context.Context, before, now, upper Tree, except []string) ([]Change, error) {
	c := &comparison{ctx: ctx, now: now, except: except}
	if err := c.folder(before.Root, now.Root, upper.Root, "/"); err != nil {
		return nil, err
	}
	slices.SortFunc(c.out, func(a, b Change) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	return c.out, nil
}

type comparison struct {
	ctx    context.Context
	now    Tree
	except []string
	out    []Change
}

func (c *comparison) add(kind byte, p string) { c.out = append(c.out, Change{kind, p}) }

// folder compares two folders; a nil one has nothing in it. upper is the same
// folder of the upper one, nil when all of now is to be looked at.
func (c *comparison) folder(before, now, upper *os.File, at string) error {
	if err := c.ctx.Err(); err != nil {
		return c.ctx.Err()
	}
	old, err := names(before)
	if err != nil {
		return err
	}
	current, err := names(now)
	if err != nil {
		return err
	}
	for n := range old {
		if !current[n] {
			c.add('D', path.Join(at, n))
		}
	}
	for n := range current {
		if err := c.entry(before, now, upper, n, path.Join(at, n), old[n]); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) entry(before, now, upper *os.File, name, at string, existed bool) error {
	nh, err := child(now, name)
	if errors.Is(err, unix.ENOENT) {
		return nil // gone meanwhile
	}
	if err != nil {
		return err
	}
	defer nh.Close()
	nst, err := stat(nh)
	if err != nil {
		return err
	}
	if !existed {
		return c.added(nh, &nst, at)
	}
	up, skip, err := below(upper, name)
	if err != nil || skip {
		return err
	}
	defer closeIf(up)
	oh, err := child(before, name)
	if err != nil {
		return err
	}
	defer oh.Close()
	return c.both(oh, nh, up, &nst, at)
}

func (c *comparison) added(h *os.File, st *unix.Stat_t, at string) error {
	if slices.Contains(c.except, at) {
		return nil
	}
	mine := len(c.out)
	c.add('A', at)
	if !isDir(st) {
		return nil
	}
	if err := c.folder(nil, h, nil, at); err != nil {
		return err
	}
	leads := func(p string) bool { return strings.HasPrefix(p, at+"/") }
	if len(c.out) == mine+1 && slices.ContainsFunc(c.except, leads) {
		c.out = c.out[:mine]
	}
	return nil
}

// both compares what is there before and now.
func (c *comparison) both(oh, nh, up *os.File, nst *unix.Stat_t, at string) error {
	ost, err := stat(oh)
	if err != nil {
		return err
	}
	mine := len(c.out)
	changed := c.differ(&ost, nst) || capabilities(oh) != capabilities(nh)
	if isDir(nst) {
		if !isDir(&ost) {
			oh = nil
		}
		if err := c.folder(oh, nh, up, at); err != nil {
			return err
		}
	}
	if changed || len(c.out) > mine {
		c.add('C', at)
	}
	return nil
}

// differ compares as docker does: a folder's size and time say nothing.
func (c *comparison) differ(a, b *unix.Stat_t) bool {
	uid, gid := inside(c.now.UIDs, b.Uid), inside(c.now.GIDs, b.Gid)
	if a.Mode != b.Mode || int(a.Uid) != uid || int(a.Gid) != gid || a.Rdev != b.Rdev {
		return true
	}
	return !isDir(a) && (a.Size != b.Size || a.Mtim != b.Mtim)
}

func capabilities(h *os.File) string {
	value, err := grown(func(b []byte) (int, error) { return unix.Getxattr(fdPath(h), "security.capability", b) })
	if err != nil {
		return ""
	}
	return string(value)
}

// below opens name in the upper folder. With skip it has none: what is there has
// not been touched. A folder that was renamed holds only what changed of what it
// had elsewhere (trusted.overlay.redirect): it is looked at as a whole.
func below(upper *os.File, name string) (up *os.File, skip bool, err error) {
	if upper == nil {
		return nil, false, nil
	}
	up, err = child(upper, name)
	if errors.Is(err, unix.ENOENT) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	st, err := stat(up)
	if err != nil || !isDir(&st) || redirected(up) {
		up.Close()
		return nil, false, err
	}
	return up, false, nil
}

func redirected(h *os.File) bool {
	n, err := unix.Getxattr(fdPath(h), "trusted.overlay.redirect", nil)
	return err == nil && n > 0
}

func closeIf(f *os.File) {
	if f != nil {
		f.Close()
	}
}

func names(dir *os.File) (map[string]bool, error) {
	out := map[string]bool{}
	if dir == nil {
		return out, nil
	}
	d, err := reopen(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	list, err := d.Readdirnames(-1)
	for _, n := range list {
		out[n] = true
	}
	return out, err
}
