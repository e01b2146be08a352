package network

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// Exec becomes the command argv of this host in the network namespace at path: it
// does not return unless it fails. The command keeps its pid, so signals and its
// exit code are its caller's, and sees the /sys of that namespace and the name
// service files that belong to it: those of the container, or what is in
// /etc/netns/NAME for a namespace /run/netns/NAME, as of ip-netns(8). Kinds:
// not_found for the namespace, no_such_command and not_executable for the command.
func (m *Manager) Exec(path, container string, argv []string) error {
	command, err := exec.LookPath(argv[0])
	if err != nil {
		return execError(argv[0], err)
	}
	return mount.Apart(func() error {
		if err := netdev.Enter(path); err != nil {
			return err
		}
		if err := ownSys(); err != nil {
			return err
		}
		for target, source := range m.nameFiles(path, container) {
			if err := cover(source, target); err != nil {
				return err
			}
		}
		// The thread that calls becomes the process, with its namespaces (execve(2)).
		return execError(argv[0], unix.Exec(command, argv, os.Environ()))
	})
}

// execError gives the failure to start a command the kind that its exit code
// follows from.
func execError(name string, err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.NoCommand, "%s: command not found", name)
	}
	return errs.New(errs.NotExecutable, "%s: %w", name, err)
}

// ownSys mounts the sysfs of this thread's network namespace: /sys/class/net shows
// the links of the namespace in which it was mounted. What is mounted below /sys,
// such as the cgroups, stays.
func ownSys() error {
	below, err := subMounts("/sys")
	if err != nil {
		return err
	}
	defer closeTrees(below)
	var flags uintptr = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	var st unix.Statfs_t
	if unix.Statfs("/sys", &st) == nil && st.Flags&unix.ST_RDONLY != 0 {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Unmount("/sys", unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return os.NewSyscallError("unmount /sys", err)
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", flags, ""); err != nil {
		return os.NewSyscallError("mount /sys", err)
	}
	for at, t := range below {
		if err := t.at(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

type tree struct{ mount.Tree }

// at mounts the tree on the folder at path.
func (t tree) at(path string) error {
	f, err := os.OpenFile(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.On(f)
}

// subMounts are the mounts right below dir with all that is below them.
func subMounts(dir string) (map[string]tree, error) {
	all, err := mount.Below(dir + "/")
	if err != nil {
		return nil, err
	}
	out := map[string]tree{}
	for _, m := range slices.Backward(all) { // what lies higher first
		if !strings.HasPrefix(m.Target, dir+"/") || inOther(out, m.Target) {
			continue
		}
		t, err := mount.OpenTree(m.Target, true, false)
		if err != nil {
			continue // the command does without it
		}
		out[m.Target] = tree{t}
	}
	return out, nil
}

func inOther(trees map[string]tree, path string) bool {
	for at := range trees {
		if path == at || strings.HasPrefix(path, at+"/") {
			return true
		}
	}
	return false
}

func closeTrees(trees map[string]tree) {
	for _, t := range trees {
		t.Close()
	}
}

// nameFiles are the files that cover those of the host, by their place there.
func (m *Manager) nameFiles(path, container string) map[string]string {
	out := map[string]string{}
	if container != "" {
		for _, name := range []string{"hosts", "resolv.conf"} {
			out["/etc/"+name] = m.s.HostFile(container, name)
		}
		return out
	}
	dir, name := filepath.Split(path)
	if dir != "/run/netns/" && dir != "/var/run/netns/" {
		return out
	}
	found, _ := filepath.Glob("/etc/netns/" + name + "/*") // the pattern is a path
	for _, f := range found {
		out["/etc/"+filepath.Base(f)] = f
	}
	return out
}

// cover mounts a file upon another; where one of them is missing nothing is done.
func cover(source, target string) error {
	if resolved, err := filepath.EvalSymlinks(target); err == nil {
		target = resolved
	}
	t, err := mount.OpenTree(source, false, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer t.Close()
	err = tree{t}.at(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
