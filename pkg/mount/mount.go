// Package mount makes and undoes mounts. It knows no container: it takes
// mounts in containerd's form, mounts them at a path, lists what is mounted
// below a path, and opens mount points inside a root filesystem that is not
// trusted. The source is mount(2), umount(2), proc_pid_mountinfo(5) and
// the kernel's filesystems/overlayfs.rst.
package mount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Mount is one mount, in the form of containerd's mounts API.
type Mount struct {
	Type    string   // of the filesystem: overlay, tmpfs …; bind, or a bind or rbind option, needs none
	Source  string   // what is mounted: a path, a device, or a mere name
	Target  string   // below the target of All; empty: that target itself
	Options []string // as in the fourth field of fstab(5)
}

// All makes the mounts in order at target, which exists. When one fails, those
// that this call made are undone. Not idempotent: a second call mounts again.
// It fails with kind invalid for options that contradict or name nothing, and
// with kind unsupported when the kernel has no such filesystem.
func All(mounts []Mount, target string) error {
	for i, m := range mounts {
		at := target
		if m.Target != "" {
			at = filepath.Join(target, filepath.Clean("/"+m.Target))
		}
		if err := m.At(at); err != nil {
			for j := i - 1; j >= 0; j-- {
				at := filepath.Join(target, filepath.Clean("/"+mounts[j].Target))
				_ = detach(at)
			}
			return err
		}
	}
	return nil
}

// At makes the mount at exactly target, whatever m.Target says. A failure
// leaves nothing mounted.
func (m Mount) At(target string) error {
	o, err := Parse(m.Options)
	if err != nil {
		return fmt.Errorf("mount %s on %s: %w", m.Source, target, err)
	}
	if m.Type == "bind" {
		o.Flags |= unix.MS_BIND
	}
	ids, err := o.takeIDMap()
	if err != nil {
		return fmt.Errorf("mount %s on %s: %w", m.Source, target, err)
	}
	if ids != nil {
		err = ids.make(m, target, o)
	} else {
		err = m.make(target, o)
	}
	if err != nil {
		return m.explain(target, err)
	}
	if err := o.finish(target); err != nil {
		_ = detach(target)
		return m.explain(target, err)
	}
	return nil
}

// make does the first of the system calls, the one that mounts.
func (m Mount) make(target string, o Options) error {
	if o.Flags&unix.MS_BIND != 0 {
		return unix.Mount(m.Source, target, "", o.Flags&(unix.MS_BIND|unix.MS_REC), "")
	}
	if o.Flags&unix.MS_REMOUNT != 0 {
		return unix.Mount("", target, "", o.Flags, o.data())
	}
	if m.Type == "overlay" && len(o.data()) >= os.Getpagesize() {
		return m.longOverlay(target, o)
	}
	return unix.Mount(m.Source, target, m.Type, o.Flags, o.data())
}

// finish does what mount(2) does only in further calls: the flags of a bind
// mount, then its propagation.
func (o Options) finish(target string) error {
	if o.Flags&unix.MS_BIND != 0 && o.Flags&^(unix.MS_BIND|unix.MS_REC) != 0 {
		flags := o.Flags&^unix.MS_REC | unix.MS_REMOUNT | locked(target)
		if err := unix.Mount("", target, "", flags, ""); err != nil {
			return err
		}
	}
	if o.Propagation != 0 {
		return unix.Mount("", target, "", o.Propagation, "")
	}
	return nil
}

// locked returns the flags of the filesystem at target that a bind mount in a
// user namespace must repeat when it is remounted (mount_namespaces(7)).
func locked(target string) uintptr {
	var st unix.Statfs_t
	if unix.Statfs(target, &st) != nil {
		return 0
	}
	const keep = unix.ST_NODEV | unix.ST_NOSUID | unix.ST_NOEXEC // equal to MS_*
	return uintptr(st.Flags) & keep
}

func (m Mount) explain(target string, err error) error {
	what := fmt.Sprintf("mount %s on %s", strings.TrimSpace(m.Type+" "+m.Source), target)
	switch {
	case errors.Is(err, unix.ENODEV):
		return errs.New(errs.Unsupported, "%s: the kernel has no filesystem %q: %w", what, m.Type, err)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return errs.New(errs.Denied, "%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
