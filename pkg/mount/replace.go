package mount

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Replaced is what Replace found.
type Replaced string

// What Replace may find where it mounts.
const (
	Current Replaced = "current"  // the same filesystem is there already
	Renewed Replaced = "replaced" // an older mount of the kind
	Added   Replaced = "mounted"  // nothing
	Covered Replaced = "covered"  // a mount of another kind, which stays
)

// Place is a file in another mount namespace on which something is mounted.
type Place struct {
	NS    *os.File // of the namespace
	Infos *os.File // mountinfo of a process in it
	FS    string   // where the filesystem is mounted that the file is of
	Type  string   // of that filesystem
	Name  string   // of the file below that
}

// moveMountBeneath is MOVE_MOUNT_BENEATH of linux/mount.h.
const moveMountBeneath = 0x200

// Replace mounts the tree at p in place of a mount whose type of filesystem is
// kind, dead or alive. The new one slips below the old one, which then goes
// (MOVE_MOUNT_BENEATH of move_mount(2), Linux 6.5), so that there is always one;
// older kernels take the old one away first. Who lives in the namespace may be
// hostile: no link is followed, no filesystem of its own is asked, and what it has
// mounted there itself is left alone. It fails with kind conflict when another
// filesystem is at p.FS. Idempotent.
func (t Tree) Replace(p Place, kind string) (Replaced, error) {
	if _, err := p.Infos.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	infos, err := mountinfo.GetMountsFromReader(p.Infos, nil)
	if err != nil {
		return "", fmt.Errorf("list the mounts there: %w", err)
	}
	kinds := map[uint64]string{}
	for _, i := range infos {
		kinds[uint64(i.ID)] = i.FSType
	}
	var found Replaced
	err = within(p.NS, func() (err error) {
		found, err = t.replace(p, kinds, kind)
		return err
	})
	return found, err
}

func (t Tree) replace(p Place, kinds map[uint64]string, kind string) (Replaced, error) {
	dir, here, err := p.folder(kinds)
	if err != nil {
		return "", err
	}
	defer unix.Close(dir)
	name := path.Base(p.Name)
	at, err := unix.Openat2(dir, name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW, Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err != nil {
		return "", os.NewSyscallError("openat2", err)
	}
	defer unix.Close(at)
	old, err := mountOf(at)
	if err != nil {
		return "", err
	}
	mine, err := mountOf(int(t.Fd()))
	switch {
	case err != nil:
		return "", err
	case old.Mnt_id == here.Mnt_id:
		return Added, t.to(dir, name, 0)
	case old.Dev_major == mine.Dev_major && old.Dev_minor == mine.Dev_minor:
		return Current, nil
	case kinds[old.Mnt_id] != kind:
		return Covered, nil
	}
	if err := unix.Fchdir(dir); err != nil { // the thread's alone
		return "", os.NewSyscallError("fchdir", err)
	}
	return Renewed, t.instead(dir, name)
}

// folder opens the folder of the file, and says on which mount it is. Whatever is
// mounted on the way is refused: a filesystem of the container's may never answer.
func (p Place) folder(kinds map[uint64]string) (fd int, on unix.Statx_t, err error) {
	top, err := unix.Openat2(unix.AT_FDCWD, p.FS, &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err != nil {
		return -1, on, os.NewSyscallError("openat2", err)
	}
	defer unix.Close(top)
	if on, err = mountOf(top); err != nil {
		return -1, on, err
	}
	if kinds[on.Mnt_id] != p.Type {
		return -1, on, errs.New(errs.Conflict, "%s is another filesystem there (%s)", p.FS, kinds[on.Mnt_id])
	}
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV | unix.RESOLVE_BENEATH}
	fd, err = unix.Openat2(top, path.Dir(p.Name), how)
	return fd, on, os.NewSyscallError("openat2", err)
}

// mountOf says on which mount and filesystem the O_PATH handle fd is, and asks
// that filesystem nothing.
func mountOf(fd int) (unix.Statx_t, error) {
	var st unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &st)
	return st, os.NewSyscallError("statx", err)
}

// instead exchanges the topmost mount at name of the working folder dir.
func (t Tree) instead(dir int, name string) error {
	gone := func() error { return unix.Unmount(name, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) }
	err := t.to(dir, name, moveMountBeneath)
	if err == nil {
		return os.NewSyscallError("umount", gone())
	}
	if !errors.Is(err, unix.EINVAL) {
		return err
	}
	if err := gone(); err != nil && !errors.Is(err, unix.EINVAL) { // of a locked mount: the new one covers it
		return os.NewSyscallError("umount", err)
	}
	return t.to(dir, name, 0)
}

func (t Tree) to(dir int, name string, flags int) error {
	return os.NewSyscallError("move_mount", unix.MoveMount(int(t.Fd()), "", dir, name, unix.MOVE_MOUNT_F_EMPTY_PATH|flags))
}
