package quotatest

import (
	"errors"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// next is struct if_nextdqblk of linux/quota.h.
type next struct {
	spaceHard, spaceSoft, space    uint64
	inodesHard, inodesSoft, inodes uint64
	spaceTime, inodesTime          uint64
	valid, id                      uint32
}

// Limited returns the projects, but for 0, that have a limit on the filesystem that
// dir lies on.
func Limited(t *testing.T, dir string) (ids []uint32) {
	t.Helper()
	f, err := os.Open(dir)
	must(t, err)
	defer f.Close()
	const getNext = 0x800009<<8 | 2 // Q_GETNEXTQUOTA, PRJQUOTA
	for id := uint32(1); ; id++ {
		var n next
		_, _, e := unix.Syscall6(unix.SYS_QUOTACTL_FD, f.Fd(), getNext, uintptr(id), uintptr(unsafe.Pointer(&n)), 0, 0)
		if errors.Is(e, unix.ENOENT) {
			return ids
		}
		if e != 0 {
			t.Fatalf("Q_GETNEXTQUOTA: %v", e)
		}
		if id = n.id; n.spaceHard != 0 || n.inodesHard != 0 {
			ids = append(ids, id)
		}
	}
}
