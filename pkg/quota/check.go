package quota

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

// Flags of struct fs_quota_statv: projects are counted, and limits are kept
// (FS_QUOTA_PDQ_ACCT and FS_QUOTA_PDQ_ENFD of linux/dqblk_xfs.h).
const (
	counted = 1 << 4
	limited = 1 << 5
)

// states is struct fs_quota_statv of linux/dqblk_xfs.h.
type states struct {
	version uint8
	_       uint8
	flags   uint16
	_       [172]byte
}

// Check fails unless the filesystem that dir lies on keeps the limits of
// projects: with kind unsupported and an error that says why it does not and what
// to do, or with fs.ErrNotExist.
func Check(dir string) error {
	s := states{version: 1}
	err := call(dir, getStates, 0, unsafe.Pointer(&s))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && s.flags&limited != 0:
		return nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return errs.New(errs.Denied, "disk quota of %s: %w", dir, err)
	}
	m, merr := mount.Holding(dir)
	if merr != nil {
		return errs.New(errs.Unsupported, "no disk quota for %s: %w", dir, errors.Join(err, merr))
	}
	return errs.New(errs.Unsupported, "no disk quota for %s: %s", dir, reason(m, s.flags))
}

// reason is why the filesystem keeps no limits, and the remedy.
func reason(m mount.Mount, flags uint16) string {
	at := fmt.Sprintf("%s at %s", m.Type, m.Target)
	switch {
	case m.Type == "ext4" && flags&counted != 0:
		return fmt.Sprintf("%s is mounted without the option prjquota: mount it with prjquota, or run quotaon -P %s", at, m.Target)
	case m.Type == "ext4":
		return fmt.Sprintf("%s has no project quotas: unmount it, run tune2fs -O project,quota %s, and mount it with the option prjquota", at, m.Source)
	case m.Type == "xfs" && !exists("/proc/fs/xfs/xqmstat"):
		return at + ": this kernel's xfs has no quotas (CONFIG_XFS_QUOTA)"
	case m.Type == "xfs":
		return at + " is mounted without the option pquota: unmount it and mount it with pquota; a remount is not enough"
	}
	return at + " has no project quotas: ext4 and xfs have them"
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
