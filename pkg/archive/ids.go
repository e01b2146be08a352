package archive

import (
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// overflow is the id of an owner that a namespace does not know
// (/proc/sys/kernel/overflowuid).
const overflow = 65534

// inside is the id in the namespace of what the kernel shows as id outside.
func inside(maps []record.IDMap, id uint32) int {
	if len(maps) == 0 {
		return int(id)
	}
	for _, m := range maps {
		if id >= m.Host && id-m.Host < m.Size {
			return int(m.Container + id - m.Host)
		}
	}
	return overflow
}

// outside is the reverse of inside. It fails with kind invalid for an id that
// the namespace does not have.
func outside(maps []record.IDMap, id int) (int, error) {
	if len(maps) == 0 {
		return id, nil
	}
	for _, m := range maps {
		if id >= int(m.Container) && id-int(m.Container) < int(m.Size) {
			return int(m.Host) + id - int(m.Container), nil
		}
	}
	return 0, errs.New(errs.Invalid, "the owner %d is not in the container's user namespace", id)
}
