package quota

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// block is struct if_dqblk of linux/quota.h; limits of space are in KiB.
type block struct {
	spaceHard, spaceSoft, space    uint64
	inodesHard, inodesSoft, inodes uint64
	spaceTime, inodesTime          uint64
	valid                          uint32
	_                              uint32
}

// limits says that a block has limits (QIF_LIMITS).
const limits = 1 | 4

// SetLimit limits the files of project id on the filesystem that dir lies on; a
// part of a KiB counts as a whole one. The zero Limit takes the limit away. It
// fails as Check does. Idempotent.
func SetLimit(dir string, id uint32, l Limit) error {
	if err := Check(dir); err != nil {
		return err
	}
	return setLimit(dir, id, l)
}

func setLimit(dir string, id uint32, l Limit) error {
	b := block{spaceHard: (uint64(l.Bytes) + 1023) / 1024, inodesHard: uint64(l.Inodes), valid: limits}
	if err := call(dir, setQuota, id, unsafe.Pointer(&b)); err != nil {
		return fmt.Errorf("limit project %d on the filesystem of %s: %w", id, dir, err)
	}
	return nil
}

// Read returns limit and use of project id on the filesystem that dir lies on.
// It fails as Check does.
func Read(dir string, id uint32) (Use, error) {
	if err := Check(dir); err != nil {
		return Use{}, err
	}
	var b block
	err := call(dir, getQuota, id, unsafe.Pointer(&b))
	if errors.Is(err, unix.ENOENT) { // xfs, of a project that never had a file
		return Use{}, nil
	}
	if err != nil {
		return Use{}, fmt.Errorf("read the quota of project %d on the filesystem of %s: %w", id, dir, err)
	}
	return Use{
		Limit:     Limit{Bytes: int64(b.spaceHard) * 1024, Inodes: int64(b.inodesHard)},
		UsedBytes: int64(b.space), UsedInodes: int64(b.inodes),
	}, nil
}

// Clear takes the limit of project id away, so that the id is free once its
// files are gone. Where there are no quotas any more, and where dir is not there,
// there is nothing to do. Idempotent.
func Clear(dir string, id uint32) error {
	if id == 0 || Check(dir) != nil {
		return nil //nolint:nilerr // as said above
	}
	return setLimit(dir, id, Limit{})
}
