package mount

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Options is a parsed option list.
type Options struct {
	Flags       uintptr  // MS_* but for propagation
	Propagation uintptr  // MS_SHARED … with MS_REC, or 0
	Data        []string // what goes to the filesystem
}

func (o Options) data() string { return strings.Join(o.Data, ",") }

// Parse sorts the options of fstab(5) and mount(8) into flags and data. A later
// option undoes an earlier one it contradicts. Options that only speak to
// mount(8) or to init (defaults, nofail, x-…) are dropped. It fails with kind
// invalid for an option that holds a NUL byte, and with kind unsupported for
// one that asks for more than a mount (loop).
func Parse(options []string) (Options, error) {
	var o Options
	for _, opt := range options {
		switch {
		case strings.IndexByte(opt, 0) >= 0:
			return o, errs.New(errs.Invalid, "mount option %q holds a NUL byte", opt)
		case opt == "loop" || strings.HasPrefix(opt, "loop="):
			return o, errs.New(errs.Unsupported, "mount option %q: make the loop device first (losetup) and mount that", opt)
		case ignored(opt):
		default:
			o.add(opt)
		}
	}
	return o, nil
}

func (o *Options) add(opt string) {
	if p := propagation(opt); p != 0 {
		o.Propagation = p
		return
	}
	set, unset := flag(opt)
	if set == 0 && unset == 0 {
		o.Data = append(o.Data, opt)
		return
	}
	o.Flags = o.Flags&^unset | set
}

func ignored(opt string) bool {
	switch opt {
	case "", "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "nofail", "_netdev":
		return true
	}
	return strings.HasPrefix(opt, "x-") || strings.HasPrefix(opt, "X-") || strings.HasPrefix(opt, "comment=")
}

func propagation(opt string) uintptr {
	rec := uintptr(0)
	if strings.HasPrefix(opt, "r") {
		rec, opt = unix.MS_REC, opt[1:]
	}
	switch opt {
	case "shared":
		return unix.MS_SHARED | rec
	case "slave":
		return unix.MS_SLAVE | rec
	case "private":
		return unix.MS_PRIVATE | rec
	case "unbindable":
		return unix.MS_UNBINDABLE | rec
	}
	return 0
}

// flag returns the flags that opt sets and those that it clears.
func flag(opt string) (set, unset uintptr) {
	const atime = unix.MS_NOATIME | unix.MS_RELATIME | unix.MS_STRICTATIME
	switch opt {
	case "bind":
		return unix.MS_BIND, 0
	case "rbind":
		return unix.MS_BIND | unix.MS_REC, 0
	case "remount":
		return unix.MS_REMOUNT, 0
	case "noatime":
		return unix.MS_NOATIME, atime
	case "relatime":
		return unix.MS_RELATIME, atime
	case "strictatime":
		return unix.MS_STRICTATIME, atime
	case "atime", "norelatime", "nostrictatime":
		return 0, atime
	case "lazytime":
		return unix.MS_LAZYTIME, 0
	case "nolazytime":
		return 0, unix.MS_LAZYTIME
	case "nosymfollow":
		return unix.MS_NOSYMFOLLOW, 0
	case "silent":
		return unix.MS_SILENT, 0
	case "loud":
		return 0, unix.MS_SILENT
	}
	return pair(opt)
}

// pair knows the options that come as a word and its opposite.
func pair(opt string) (set, unset uintptr) {
	for _, p := range []struct {
		on, off string
		flag    uintptr
	}{
		{"ro", "rw", unix.MS_RDONLY},
		{"nosuid", "suid", unix.MS_NOSUID},
		{"nodev", "dev", unix.MS_NODEV},
		{"noexec", "exec", unix.MS_NOEXEC},
		{"sync", "async", unix.MS_SYNCHRONOUS},
		{"dirsync", "nodirsync", unix.MS_DIRSYNC},
		{"mand", "nomand", unix.MS_MANDLOCK},
		{"nodiratime", "diratime", unix.MS_NODIRATIME},
	} {
		switch opt {
		case p.on:
			return p.flag, 0
		case p.off:
			return 0, p.flag
		}
	}
	return 0, 0
}
