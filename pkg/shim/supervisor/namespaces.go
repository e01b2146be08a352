package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// seeNamespaces makes the namespaces that spec names by path reachable and
// returns them as this process reaches them; what it opened for that is held.
// The command that starts a container mounts its network namespace while this
// process runs already, in a mount namespace of its own: where the host's / is
// private that mount does not come here (mount_namespaces(7)). It is then opened
// through the parent, which is there for the first life alone. others is for the
// namespaces of other containers, and for no others.
func (s *Supervisor) seeNamespaces(named []specs.LinuxNamespace, others bool) (seen []specs.LinuxNamespace, held []*os.File, err error) {
	defer func() {
		if err != nil {
			closeAll(held)
			held = nil
		}
	}()
	for _, ns := range named {
		var f *os.File
		if strings.HasPrefix(ns.Path, spec.JoinContainer) == others {
			f, err = s.openNamespace(ns)
		}
		if err != nil {
			return nil, held, fmt.Errorf("%s namespace: %w", ns.Type, err)
		}
		if f != nil {
			held = append(held, f)
			ns.Path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd())
		}
		seen = append(seen, ns)
	}
	return seen, held, nil
}

// openNamespace returns nil for one that needs no other name than it has.
func (s *Supervisor) openNamespace(ns specs.LinuxNamespace) (*os.File, error) {
	if s.store != nil {
		if id, ok := strings.CutPrefix(ns.Path, spec.JoinContainer); ok {
			return s.namespaceOf(id, nsFile(ns.Type))
		}
		if path, ok := strings.CutPrefix(ns.Path, spec.JoinOwner); ok {
			return ownerOf(path)
		}
	}
	if ns.Path == "" {
		return nil, nil
	}
	if isNamespace(unix.AT_FDCWD, ns.Path) {
		return nil, pathOfKind(ns.Path, ns.Type)
	}
	f, err := parentsNamespace(os.Getppid(), ns.Path)
	if err != nil {
		return nil, errs.New(errs.Invalid, "%s: %w", ns.Path, err)
	}
	if err := ofKind(f, ns.Type); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// nsFile is the name of a namespace's file below /proc/<pid>/ns: namespaces(7).
func nsFile(kind specs.LinuxNamespaceType) string {
	switch kind {
	case specs.NetworkNamespace:
		return "net"
	case specs.MountNamespace:
		return "mnt"
	}
	return string(kind)
}

// namespaceOf opens a namespace of container id, which must run. That its process
// 1 is still there after the file was opened means that the file is its: a pid
// alone may be another process' by then.
func (s *Supervisor) namespaceOf(id, file string) (*os.File, error) {
	ended := errs.New(errs.Conflict, "container %.12s, which this one joins, is not running", id)
	st, err := s.store.State(id)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "No such container: %.12s, which this one joins", id)
	}
	if err != nil {
		return nil, err
	}
	if st.Status != record.Running && st.Status != record.Paused {
		return nil, ended
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", st.Init.Pid, file))
	if err != nil {
		return nil, ended
	}
	if boot, err := proc.BootID(); err != nil || boot != st.BootID || !proc.Alive(st.Init) {
		f.Close()
		return nil, ended
	}
	return f, nil
}

// ownerOf opens the user namespace that the namespace at path belongs to:
// ioctl_nsfs(2).
func ownerOf(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil && !isNamespace(int(f.Fd()), "") {
		f.Close()
		f, err = parentsNamespace(os.Getppid(), path)
	}
	if err != nil {
		return nil, errs.New(errs.Invalid, "owner of %s: %w", path, err)
	}
	defer f.Close()
	fd, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_USERNS)
	if err != nil {
		return nil, fmt.Errorf("owner of %s: %w", path, os.NewSyscallError("ioctl NS_GET_USERNS", err))
	}
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), path), nil
}

// join makes ready for one life what the container shares with others: they may
// have been started anew since the last one.
func (t *task) join() error {
	seen, joined, err := t.s.seeNamespaces(t.named, true)
	if err != nil {
		return err
	}
	closeAll(t.joined)
	t.joined = joined
	if t.opts.Spec.Linux != nil {
		t.opts.Spec.Linux.Namespaces = seen
	}
	return t.joinShm()
}

// joinShm mounts another container's /dev/shm in the bundle, for the bind that
// the specification has.
func (t *task) joinShm() error {
	for i := range t.opts.Spec.Mounts {
		m := &t.opts.Spec.Mounts[i]
		rest, ok := strings.CutPrefix(m.Source, spec.JoinContainer)
		if t.rec == nil || m.Type != "bind" || !ok {
			continue
		}
		id, path, _ := strings.Cut(rest, "/")
		t.shm = shmOf{id, "/" + path}
		m.Source = t.shmDir()
	}
	if t.shm.id == "" {
		return nil
	}
	ns, err := t.s.namespaceOf(t.shm.id, "mnt")
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := mount.UnmountAll(t.shmDir()); err != nil {
		return err
	}
	if err := os.MkdirAll(t.shmDir(), 0o711); err != nil {
		return err
	}
	return mount.From(ns, t.shm.path, unix.TMPFS_MAGIC, t.shmDir())
}

// shmOf is /dev/shm of another container.
type shmOf struct{ id, path string }

func (t *task) shmDir() string { return filepath.Join(t.bundle, "shm") }

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
