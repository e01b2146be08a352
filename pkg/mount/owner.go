package mount

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// owner is a user and a group of the host.
type owner struct{ uid, gid uint32 }

// AsRoot calls do on a thread of its own that makes files as the root of a user
// namespace with these ids: in folders that are mapped nobody else can. It keeps
// all its capabilities. Goroutines that do starts are not concerned. Without ids
// it just calls do.
func AsRoot(uids, gids []record.IDMap, do func() error) error {
	if len(uids) == 0 || len(gids) == 0 {
		return do()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends as it is
		by := (&idmap{uids: uids, gids: gids}).root()
		err := by.become()
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

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
