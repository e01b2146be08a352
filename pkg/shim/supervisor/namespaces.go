package supervisor

import (
	"fmt"
	"os"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// seeNamespaces makes the namespaces that spec names by path reachable. The
// command that starts a container mounts its network namespace while this
// process runs already, in a mount namespace of its own: where the host's / is
// private that mount does not come here (mount_namespaces(7)). It is then opened
// through the parent and held for the container's further lives.
func seeNamespaces(spec *specs.Spec) (held []*os.File, err error) {
	if spec.Linux == nil {
		return nil, nil
	}
	for i := range spec.Linux.Namespaces {
		ns := &spec.Linux.Namespaces[i]
		if ns.Path == "" || isNamespace(unix.AT_FDCWD, ns.Path) {
			continue
		}
		f, err := parentsNamespace(os.Getppid(), ns.Path)
		if err != nil {
			closeAll(held)
			return nil, errs.New(errs.Invalid, "%s namespace %s: %w", ns.Type, ns.Path, err)
		}
		held = append(held, f)
		ns.Path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd())
	}
	return held, nil
}

// parentsNamespace opens path as process pid sees it.
func parentsNamespace(pid int, path string) (*os.File, error) {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("open the parent's root", err)
	}
	defer unix.Close(root)
	how := &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK, Resolve: unix.RESOLVE_IN_ROOT}
	fd, err := unix.Openat2(root, strings.TrimPrefix(path, "/"), how)
	if err != nil {
		return nil, os.NewSyscallError("openat2", err)
	}
	f := os.NewFile(uintptr(fd), path)
	if !isNamespace(fd, "") {
		f.Close()
		return nil, fmt.Errorf("it is not a namespace")
	}
	return f, nil
}

// isNamespace reports whether a path, or with an empty one a descriptor, is a
// namespace's file (nsfs, ioctl_nsfs(2)).
func isNamespace(fd int, path string) bool {
	var st unix.Statfs_t
	if path == "" {
		return unix.Fstatfs(fd, &st) == nil && st.Type == unix.NSFS_MAGIC
	}
	return unix.Statfs(path, &st) == nil && st.Type == unix.NSFS_MAGIC
}
