package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// attributes gives what f is of the owner, extended attributes, mode and times
// of an entry, in the order in which one does not undo another (chown(2),
// capabilities(7)).
func (in *into) attributes(f *os.File, h *tar.Header) error {
	uid, gid, err := in.ownersOf(h)
	if err != nil {
		return err
	}
	if err := unix.Fchownat(int(f.Fd()), "", uid, gid, unix.AT_EMPTY_PATH); err != nil {
		return os.NewSyscallError("chown", err)
	}
	if h.Typeflag == tar.TypeSymlink {
		return setTimes(f, h)
	}
	if err := in.xattrs(f, h); err != nil {
		return err
	}
	if err := unix.Fchmodat(unix.AT_FDCWD, fdPath(f), in.mode(h), 0); err != nil {
		return os.NewSyscallError("chmod", err)
	}
	return setTimes(f, h)
}

func (in *into) ownersOf(h *tar.Header) (uid, gid int, err error) {
	id := [2]int{h.Uid, h.Gid}
	if !in.owners {
		id = [2]int{}
		if in.tree.Host {
			id = [2]int{os.Geteuid(), os.Getegid()}
		}
	}
	if uid, err = outside(in.tree.UIDs, id[0]); err != nil {
		return 0, 0, err
	}
	gid, err = outside(in.tree.GIDs, id[1])
	return uid, gid, err
}

// mode leaves out what would let a container's program act as the one who
// copies it out, unless its owner comes along.
func (in *into) mode(h *tar.Header) uint32 {
	mode := uint32(h.Mode) & 0o7777
	if in.tree.Host && !in.owners {
		mode &^= unix.S_ISUID | unix.S_ISGID
	}
	return mode
}

func (in *into) xattrs(f *os.File, h *tar.Header) error {
	for _, key := range slices.Sorted(maps.Keys(h.PAXRecords)) {
		name, ok := strings.CutPrefix(key, xattrPrefix)
		if !ok || !carried(name) || in.tree.Host && !in.owners && name == "security.capability" {
			continue
		}
		err := unix.Setxattr(fdPath(f), name, []byte(h.PAXRecords[key]), 0)
		if err != nil && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return nil
}

func setTimes(f *os.File, h *tar.Header) error {
	at := h.AccessTime
	if at.IsZero() {
		at = h.ModTime
	}
	ts := []unix.Timespec{timespec(at), timespec(h.ModTime)}
	err := unix.UtimesNanoAt(int(f.Fd()), "", ts, unix.AT_EMPTY_PATH)
	return os.NewSyscallError("utimensat", err)
}

func timespec(t time.Time) unix.Timespec {
	if t.Before(time.Unix(0, 0)) {
		t = time.Unix(0, 0)
	}
	ts, err := unix.TimeToTimespec(t)
	if err != nil {
		return unix.Timespec{}
	}
	return ts
}
