package mount

import (
	"os"

	"golang.org/x/sys/unix"
)

// owner is a user and a group of the host.
type owner struct{ uid, gid uint32 }

// become lets the calling thread, which is pinned, make files as o, with all its
// capabilities: an overlay does its own work, as the making of work/work, with
// the credentials of who mounts it, and on an upper folder that is mapped root
// of the host has no id. setfsuid(2) takes the capabilities that concern files
// away with root's id; they are raised again.
func (o *owner) become() error {
	if _, err := unix.SetfsgidRetGid(int(o.gid)); err != nil {
		return os.NewSyscallError("setfsgid", err)
	}
	if _, err := unix.SetfsuidRetUid(int(o.uid)); err != nil {
		return os.NewSyscallError("setfsuid", err)
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	for i := range data {
		data[i].Effective = data[i].Permitted
	}
	return os.NewSyscallError("capset", unix.Capset(&hdr, &data[0]))
}
