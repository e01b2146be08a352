package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Give gives what mt mounts, a volume or a bind, to user uid and group gid with
// all that is in it, as the option U of -v asks for. It stays in that filesystem
// and follows no symbolic link. Folders of the host's system, and those that hold
// one, are refused with kind invalid. Idempotent; one that is cut short is
// finished by the next.
func Give(ctx context.Context, mt record.Mount, uid, gid uint32) error {
	path, err := filepath.EvalSymlinks(mt.Source)
	if err != nil {
		return fmt.Errorf("mount %s: %w", mt.Destination, err)
	}
	if isBlock(path) {
		return errs.New(errs.Invalid, "mount %s: the option U: a device keeps its owner", mt.Destination)
	}
	if mt.Type == "bind" && ofSystem(path) {
		return errs.New(errs.Invalid, "mount %s: the option U would give the host's %s away", mt.Destination, path)
	}
	if err := give(ctx, path, int(uid), int(gid)); err != nil {
		return fmt.Errorf("mount %s: give %s to %d:%d: %w", mt.Destination, path, uid, gid, err)
	}
	return nil
}

// ofSystem reports whether path is a folder that belongs to the host's system.
func ofSystem(path string) bool {
	system := []string{
		"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/media", "/mnt", "/opt",
		"/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log", "/var/tmp",
	}
	if slices.Contains(system, path) {
		return true
	}
	for _, p := range []string{"/boot", "/dev", "/etc", "/proc", "/sys", "/usr"} {
		if strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

func give(ctx context.Context, path string, uid, gid int) error {
	f, err := os.OpenFile(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	g := giver{ctx: ctx, uid: uid, gid: gid, dev: st.Dev}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		if err := g.dir(int(f.Fd())); err != nil {
			return err
		}
	}
	return g.own(int(f.Fd()), "", &st)
}

type giver struct {
	ctx      context.Context
	uid, gid int
	dev      uint64
}

// own changes the owner of name in the folder fd, of fd itself without a name.
func (g *giver) own(fd int, name string, st *unix.Stat_t) error {
	if int(st.Uid) == g.uid && int(st.Gid) == g.gid {
		return nil
	}
	return unix.Fchownat(fd, name, g.uid, g.gid, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH)
}

// dir changes all in the folder fd, an O_PATH handle too.
func (g *giver) dir(fd int) error {
	d, err := os.OpenFile(fdPath(fd), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(256)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := g.entry(d, n); err != nil {
				return fmt.Errorf("%s: %w", n, err)
			}
		}
	}
}

func (g *giver) entry(d *os.File, name string) error {
	if err := g.ctx.Err(); err != nil {
		return err
	}
	var st unix.Stat_t
	err := unix.Fstatat(int(d.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) || err == nil && st.Dev != g.dev {
		return nil // gone, or a mount of its own
	}
	if err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		sub, err := openat(d, name, unix.O_PATH|unix.O_DIRECTORY)
		if err != nil {
			return err
		}
		defer sub.Close()
		if err := g.dir(int(sub.Fd())); err != nil {
			return err
		}
	}
	return g.own(int(d.Fd()), name, &st)
}

// GiveNew gives the folder of a volume that is root's and empty, as a new one
// is for which the image has nothing, to the root of a container's user
// namespace: it could do nothing with it else. Idempotent.
func GiveNew(mt record.Mount, uid, gid uint32) error {
	var st unix.Stat_t
	if err := unix.Stat(mt.Source, &st); err != nil || st.Uid != 0 || st.Gid != 0 {
		return err
	}
	if isBlock(mt.Source) {
		return nil
	}
	if empty, err := isEmptyDir(mt.Source); err != nil || !empty {
		return err
	}
	return os.Chown(mt.Source, int(uid), int(gid))
}
