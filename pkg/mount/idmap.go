package mount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// idmap is what the options uidmap and gidmap ask for, which are containerd's
// for the root of a container with a user namespace of its own: the files'
// owners are shown as that namespace has them (mount_setattr(2), "ID-mapped
// mounts"). Both are lists of ID:HOSTID:LENGTH.
type idmap struct {
	uids, gids []record.IDMap
	upper      bool // of an overlay the upper folder, too
}

// upperMapped asks with uidmap and gidmap for an overlay whose upper folder is
// mapped, too: then what the container writes is on disk as if it had no user
// namespace.
const upperMapped = "upper=mapped"

// Mapped returns mounts that show the owners of files as a user namespace with
// these ids has them, and leave those on disk as they are (mount_setattr(2),
// "ID-mapped mounts"; overlays take them since Linux 5.19).
func Mapped(mounts []Mount, uids, gids []record.IDMap) []Mount {
	out := slices.Clone(mounts)
	for i := range out {
		out[i].Options = append(slices.Clone(out[i].Options), "uidmap="+idList(uids), "gidmap="+idList(gids), upperMapped)
	}
	return out
}

func idList(ids []record.IDMap) string {
	list := make([]string, 0, len(ids))
	for _, m := range ids {
		list = append(list, fmt.Sprintf("%d:%d:%d", m.Container, m.Host, m.Size))
	}
	return strings.Join(list, ",")
}

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
		case "upper":
			if opt != upperMapped {
				rest = append(rest, opt)
				continue
			}
			m.upper = true
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

func parseIDMap(list string) ([]record.IDMap, error) {
	var out []record.IDMap
	for item := range strings.SplitSeq(list, ",") {
		var n [3]uint32
		f := strings.Split(item, ":")
		if len(f) != len(n) {
			return nil, fmt.Errorf("%q is not ID:HOSTID:LENGTH", item)
		}
		for i, s := range f {
			v, err := strconv.ParseUint(s, 10, 32)
			if err != nil {
				return nil, err
			}
			n[i] = uint32(v)
		}
		out = append(out, record.IDMap{Container: n[0], Host: n[1], Size: n[2]})
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

// overlay mounts an overlay of lower folders that are mapped. Its upper folder
// belongs to the mapped ids already, or is mapped too.
func (ids *idmap) overlay(ns *os.File, m Mount, target string, o Options) error {
	if err := unix.Mount("tmpfs", target, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=711"); err != nil {
		return err
	}
	if err := unix.Mount("", target, "", unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	data, err := lowerMapped(ns, o.Data, target)
	if err != nil {
		return err
	}
	var by *owner
	if ids.upper {
		if data, err = upperIn(ns, data, target); err != nil {
			return err
		}
		by = ids.root()
	}
	made := filepath.Join(target, "made")
	if err := os.Mkdir(made, 0o700); err != nil {
		return err
	}
	if err := m.onThread(target, made, o.Flags, strings.Join(data, ","), by); err != nil {
		if errors.Is(err, unix.EINVAL) {
			return errs.New(errs.Unsupported, "an overlay of mapped folders needs Linux 5.19 or newer: %w", err)
		}
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

// lowerMapped mounts the lower folders of an overlay's options, mapped, below
// dir and returns options that name them relative to it.
func lowerMapped(ns *os.File, options []string, dir string) ([]string, error) {
	data := slices.Clone(options)
	for i, opt := range data {
		list, ok := strings.CutPrefix(opt, "lowerdir=")
		if !ok {
			continue
		}
		var names []string
		for lower := range strings.SplitSeq(list, ":") {
			name := strconv.Itoa(len(names))
			if err := mappedIn(ns, lower, filepath.Join(dir, name)); err != nil {
				return nil, fmt.Errorf("map the owners in %s: %w", lower, err)
			}
			names = append(names, name)
		}
		data[i] = "lowerdir=" + strings.Join(names, ":")
	}
	return data, nil
}

// upperIn does the same with the folder that holds upperdir and workdir: an
// overlay wants both on one mount.
func upperIn(ns *os.File, options []string, dir string) ([]string, error) {
	data := slices.Clone(options)
	parent := ""
	for i, opt := range data {
		name, path, _ := strings.Cut(opt, "=")
		if name != "upperdir" && name != "workdir" {
			continue
		}
		switch here := filepath.Dir(path); parent {
		case "":
			parent = here
			if err := mappedIn(ns, parent, filepath.Join(dir, "upper")); err != nil {
				return nil, fmt.Errorf("map the owners in %s: %w", parent, err)
			}
		case here:
		default:
			return nil, errs.New(errs.Unsupported, "an overlay whose upperdir and workdir lie in two folders cannot be mapped")
		}
		data[i] = name + "=upper/" + filepath.Base(path)
	}
	return data, nil
}

// root is the root of the namespace as the host has it.
func (ids *idmap) root() *owner { return &owner{firstID(ids.uids), firstID(ids.gids)} }

// firstID is what 0 is on the host; where it is nothing, an id that is something.
func firstID(maps []record.IDMap) uint32 {
	for _, m := range maps {
		if m.Container == 0 {
			return m.Host
		}
	}
	return maps[0].Host
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
func (ids *idmap) namespace() (ns *os.File, err error) {
	err = proc.WithUserns(ids.uids, ids.gids, 0, func(pid int) (err error) {
		ns, err = os.Open(fmt.Sprintf("/proc/%d/ns/user", pid))
		return err
	})
	return ns, err
}
