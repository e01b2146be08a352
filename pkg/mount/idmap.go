package mount

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// idmap is what the options uidmap and gidmap ask for, which are containerd's
// for the root of a container with a user namespace of its own: the files'
// owners are shown as that namespace has them (mount_setattr(2), "ID-mapped
// mounts"). Both are lists of ID:HOSTID:LENGTH.
type idmap struct{ uids, gids []syscall.SysProcIDMap }

// takeIDMap takes the two options out of o; nil without any.
func (o *Options) takeIDMap() (*idmap, error) {
	var m idmap
	var rest []string
	for _, opt := range o.Data {
		name, value, _ := strings.Cut(opt, "=")
		var err error
		switch name {
		case "uidmap":
			m.uids, err = parseIDMap(value)
		case "gidmap":
			m.gids, err = parseIDMap(value)
		default:
			rest = append(rest, opt)
		}
		if err != nil {
			return nil, errs.New(errs.Invalid, "mount option %q: %w", opt, err)
		}
	}
	if len(rest) == len(o.Data) {
		return nil, nil
	}
	if m.uids == nil || m.gids == nil {
		return nil, errs.New(errs.Invalid, "mount options uidmap and gidmap: one is given without the other")
	}
	o.Data = rest
	return &m, nil
}

func parseIDMap(list string) ([]syscall.SysProcIDMap, error) {
	var out []syscall.SysProcIDMap
	for item := range strings.SplitSeq(list, ",") {
		var n [3]int
		f := strings.Split(item, ":")
		if len(f) != len(n) {
			return nil, fmt.Errorf("%q is not ID:HOSTID:LENGTH", item)
		}
		for i, s := range f {
			v, err := strconv.ParseUint(s, 10, 32)
			if err != nil {
				return nil, err
			}
			n[i] = int(v)
		}
		out = append(out, syscall.SysProcIDMap{ContainerID: n[0], HostID: n[1], Size: n[2]})
	}
	return out, nil
}

// make mounts m at target with the owners mapped. What it makes on the way lies
// at target too, so whoever unmounts target removes what a crash leaves.
func (ids *idmap) make(m Mount, target string, o Options) error {
	ns, err := ids.namespace()
	if err != nil {
		return fmt.Errorf("make a user namespace: %w", err)
	}
	defer ns.Close()
	switch {
	case o.Flags&unix.MS_BIND != 0:
		return mapped(ns, m.Source, target, o.Flags&unix.MS_REC != 0)
	case m.Type == "overlay":
		if err := ids.overlay(ns, m, target, o); err != nil {
			_ = detach(target)
			return err
		}
		return nil
	}
	return errs.New(errs.Unsupported, "filesystem %q with uidmap: only overlay and bind mounts have it", m.Type)
}

// overlay mounts an overlay of lower folders that are mapped; its upper folder
// belongs to the mapped ids already.
func (ids *idmap) overlay(ns *os.File, m Mount, target string, o Options) error {
	if err := unix.Mount("tmpfs", target, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=711"); err != nil {
		return err
	}
	if err := unix.Mount("", target, "", unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	data := append([]string(nil), o.Data...)
	for i, opt := range data {
		list, ok := strings.CutPrefix(opt, "lowerdir=")
		if !ok {
			continue
		}
		var names []string
		for _, lower := range strings.Split(list, ":") {
			name := strconv.Itoa(len(names))
			if err := mappedIn(ns, lower, filepath.Join(target, name)); err != nil {
				return fmt.Errorf("map the owners in %s: %w", lower, err)
			}
			names = append(names, name)
		}
		data[i] = "lowerdir=" + strings.Join(names, ":")
	}
	made := filepath.Join(target, "made")
	if err := os.Mkdir(made, 0o700); err != nil {
		return err
	}
	if err := m.onThread(target, made, o.Flags, strings.Join(data, ",")); err != nil {
		return err
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, made, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("open_tree", err)
	}
	defer unix.Close(fd)
	if err := detach(target); err != nil {
		return err
	}
	return os.NewSyscallError("move_mount", unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH))
}

func mappedIn(ns *os.File, source, target string) error {
	if err := os.Mkdir(target, 0o700); err != nil {
		return err
	}
	return mapped(ns, source, target, false)
}

// mapped mounts the folder source at target, with the owners as ns has them.
func mapped(ns *os.File, source, target string, recursive bool) error {
	flags, at := uint(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC), uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags, at = flags|unix.AT_RECURSIVE, at|unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, source, flags)
	if err != nil {
		return os.NewSyscallError("open_tree", err)
	}
	defer unix.Close(fd)
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns.Fd())}
	if err := unix.MountSetattr(fd, "", at, attr); err != nil {
		return errs.New(errs.Unsupported, "%s: its filesystem takes no mapping of owners: %w", source, os.NewSyscallError("mount_setattr", err))
	}
	return os.NewSyscallError("move_mount", unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH))
}

// namespace makes a user namespace with these ids. It lives as long as the file.
// A child is born in it, and stopped by ptrace(2) before it runs anything.
func (ids *idmap) namespace() (*os.File, error) {
	runtime.LockOSThread() // the tracer is the thread
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess("/proc/self/exe", []string{"userns"}, &os.ProcAttr{Sys: &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids.uids, GidMappings: ids.gids,
		GidMappingsEnableSetgroups: true, Ptrace: true, Pdeathsig: unix.SIGKILL,
	}})
	if err != nil {
		return nil, err
	}
	defer func() {
		p.Kill() //nolint:errcheck // it may be gone
		p.Wait() //nolint:errcheck // it has ended
	}()
	return os.Open(fmt.Sprintf("/proc/%d/ns/user", p.Pid))
}
