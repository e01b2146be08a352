// Package quota limits what a folder may hold, by the kernel's project quotas:
// files belong to a project, new ones to that of their folder, and a filesystem
// refuses what a project has too much (quotactl(2), FS_IOC_FSSETXATTR of
// ioctl_fsgetxattr(2)). It is the only user of these calls. ext4 and xfs have
// project quotas, where they are mounted with them.
package quota

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Limit is what the files of a project may take together; 0 is no limit.
type Limit struct {
	Bytes  int64
	Inodes int64
}

// Use is the limit of a project and what its files take.
type Use struct {
	Limit
	UsedBytes  int64
	UsedInodes int64
}

// Exceeded reports whether err says that a limit was reached: ext4 answers
// EDQUOT, xfs for a project ENOSPC, as of a full disk.
func Exceeded(err error) bool { return errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.ENOSPC) }
