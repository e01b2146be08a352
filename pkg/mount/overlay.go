package mount

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// longOverlay mounts an overlay whose options do not fit into the page that
// mount(2) takes: the lower folders are named relative to the deepest folder
// they share.
func (m Mount) longOverlay(target string, o Options) error {
	dir, data := shorten(o.Data)
	line := strings.Join(data, ",")
	if dir == "" || len(line) >= os.Getpagesize() {
		return errs.New(errs.Unsupported, "%d bytes of overlay options are more than the kernel takes (%d): the image has too many layers", len(line), os.Getpagesize()-1)
	}
	return m.onThread(dir, target, o.Flags, line, nil)
}

// onThread mounts m at target, with paths in data relative to dir, on a thread
// of its own that stands there and, with by, makes files as that owner.
func (m Mount) onThread(dir, target string, flags uintptr, data string, by *owner) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	ns, err := os.Open("/proc/thread-self/ns/mnt") // it is a thread's: see Apart
	if err != nil {
		return err
	}
	defer ns.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its changed folder and owner
		done <- m.from(ns, dir, target, flags, data, by)
	}()
	return <-done
}

func (m Mount) from(ns *os.File, dir, target string, flags uintptr, data string, by *owner) error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if err := enter(ns); err != nil {
		return err
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	if by != nil {
		if err := by.become(); err != nil {
			return err
		}
	}
	return unix.Mount(m.Source, target, m.Type, flags, data)
}

// enter puts the calling thread into mount namespace ns, unless it is there.
func enter(ns *os.File) error {
	want, err := ns.Stat()
	if err != nil {
		return err
	}
	here, err := os.Stat("/proc/thread-self/ns/mnt")
	if err != nil || os.SameFile(want, here) {
		return err
	}
	return os.NewSyscallError("setns", unix.Setns(int(ns.Fd()), unix.CLONE_NEWNS))
}

// shorten returns the deepest folder that every lowerdir lies in, and the
// options with lowerdir relative to it; "" when there is none, or when a path
// has an escaped colon.
func shorten(data []string) (string, []string) {
	for i, opt := range data {
		list, ok := strings.CutPrefix(opt, "lowerdir=")
		if !ok {
			continue
		}
		lower := strings.Split(list, ":")
		dir := filepath.Dir(lower[0])
		for _, l := range lower {
			if !filepath.IsAbs(l) || strings.Contains(l, `\`) {
				return "", data
			}
			for dir != "/" && !strings.HasPrefix(l, dir+"/") {
				dir = filepath.Dir(dir)
			}
		}
		short := make([]string, len(lower))
		for j, l := range lower {
			short[j] = strings.TrimPrefix(strings.TrimPrefix(l, dir), "/")
		}
		out := append([]string(nil), data...)
		out[i] = "lowerdir=" + strings.Join(short, ":")
		return dir, out
	}
	return "", data
}
