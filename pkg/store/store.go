// Package store owns the state directories: where each record lies, how it is
// locked, how names are claimed. Nobody else opens files there.
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/codec"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Defaults of --root and --run-root.
const (
	DefaultRoot    = "/var/lib/pouch"
	DefaultRunRoot = "/run/pouch"
)

// MaxRecord bounds the size of a record.
const MaxRecord = 4 << 20

// LockTimeout is how long a command waits for another one that holds an object.
const LockTimeout = 30 * time.Second

// Store is the pair of state directories. Its methods are safe for use by any
// number of processes at once.
type Store struct {
	Root    string // survives a reboot
	RunRoot string // gone with the boot
}

// Open returns the store at root and runRoot and makes the folders it needs.
// Idempotent. It fails with kind invalid for an empty path and with kind denied
// without root rights.
func Open(root, runRoot string) (*Store, error) {
	root, err := settle(root)
	if err != nil {
		return nil, err
	}
	if runRoot, err = settle(runRoot); err != nil {
		return nil, err
	}
	s := &Store{Root: root, RunRoot: runRoot}
	for _, d := range []string{s.containers(), s.names(), s.networks(), s.Volumes(), s.locks(), s.NetnsDir(), s.leases(), filepath.Join(s.PluginCache(), "results")} {
		if err := makeFolder(d); err != nil {
			return nil, err
		}
	}
	for _, d := range []string{root, runRoot} { // they are there, but another user's
		if err := unix.Access(d, unix.W_OK); errors.Is(err, fs.ErrPermission) {
			return nil, errs.New(errs.Denied, "use %s: %w: run as root", d, err)
		}
		if err := alone(d); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// alone fails with kind denied for a folder in which another user could put a record,
// a socket or a lock of its own making: one that was there before, say in /tmp.
func alone(dir string) error {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return fmt.Errorf("use %s: %w", dir, err)
	}
	if st.Uid != 0 && st.Uid != uint32(os.Geteuid()) {
		return errs.New(errs.Denied, "use %s: it belongs to user %d, who could change what is in it: take another folder, or chown it", dir, st.Uid)
	}
	if st.Mode&unix.S_IWOTH != 0 {
		return errs.New(errs.Denied, "use %s: every user may write there: take another folder, or chmod o-w it", dir)
	}
	return nil
}

// settle makes a state folder and returns its one path: absolute, for leases and
// other processes tell paths below it, and without links, for /var/run/pouch and
// /run/pouch are the same installation, and a root may not be reached by a link.
func settle(dir string) (string, error) {
	if dir == "" {
		return "", errs.New(errs.Invalid, "the path of a state folder is empty: give --root and --run-root one, or leave them out")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := makeFolder(dir); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

func makeFolder(dir string) error {
	err := os.MkdirAll(dir, 0o711)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return errs.New(errs.Denied, "make %s: %w: run as root", dir, errors.Unwrap(err))
	}
	return fmt.Errorf("make %s: %w", dir, err)
}

func (s *Store) containers() string { return filepath.Join(s.Root, "containers") }
func (s *Store) names() string      { return filepath.Join(s.Root, "names") }
func (s *Store) networks() string   { return filepath.Join(s.Root, "networks") }
func (s *Store) locks() string      { return filepath.Join(s.RunRoot, "locks") }
func (s *Store) leases() string     { return filepath.Join(s.RunRoot, "leases") }

// Volumes is the folder of the volumes.
func (s *Store) Volumes() string { return filepath.Join(s.Root, "volumes") }

// NetnsDir is the folder of the containers' network namespaces.
func (s *Store) NetnsDir() string { return filepath.Join(s.RunRoot, "netns") }

// ContainerDir is the folder of a container's durable files.
func (s *Store) ContainerDir(id string) string { return filepath.Join(s.containers(), id) }

// RunDir is the folder of a container's sockets.
func (s *Store) RunDir(id string) string { return filepath.Join(s.RunRoot, "c", id) }

// Netns is the path of a container's network namespace.
func (s *Store) Netns(id string) string { return filepath.Join(s.NetnsDir(), id) }

// ControlSocket is the supervisor's socket for Pouch's own commands.
func (s *Store) ControlSocket(id string) string { return filepath.Join(s.RunDir(id), "ctl.sock") }

// TaskSocket is the supervisor's socket for containerd's task service.
func (s *Store) TaskSocket(id string) string { return filepath.Join(s.RunDir(id), "task.sock") }

// SysinfoSocket is where the supervisor is sent the seccomp filters whose calls it
// answers.
func (s *Store) SysinfoSocket(id string) string { return filepath.Join(s.RunDir(id), "sys.sock") }

// NotifySocket is where the supervisor listens to what the container says to the
// service manager; its folder is mounted in the container.
func (s *Store) NotifySocket(id string) string {
	return filepath.Join(s.RunDir(id), "n", "notify.sock")
}

// SupervisorLock is held by a container's supervisor as long as it lives, its
// last cleaning included.
func (s *Store) SupervisorLock(id string) string { return filepath.Join(s.locks(), "s-"+id) }

// Lock takes the lock of an object, waiting at most LockTimeout; class is c
// (container), n (network), v (volume), or a word; name is empty for something there is
// one of. It fails with kind unavailable when somebody keeps it.
func (s *Store) Lock(ctx context.Context, class, name string) (*fsx.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, LockTimeout)
	defer cancel()
	path := filepath.Join(s.locks(), class)
	if name != "" {
		path += "-" + name
	}
	l, err := fsx.LockWait(ctx, path)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errs.New(errs.Unavailable, "lock %s: held by another command for over %v", path, LockTimeout)
	}
	return l, err
}

// readJSON reads a record. A missing one gives kind not_found, a broken one
// kind corrupt with the path, one of a newer schema kind unavailable.
func readJSON(path string, v any) error {
	data, err := fsx.ReadAtMost(path, MaxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.NotFound, "%w", err)
	}
	if err != nil {
		return errs.New(errs.Corrupt, "%w", err)
	}
	if bytes.Contains(data, []byte(`"schemaVersion"`)) { // leases, of which there are many, have none
		version, err := codec.SchemaVersion(data)
		if err != nil {
			return errs.New(errs.Corrupt, "%s: not a record: %w", path, err)
		}
		if version > record.SchemaVersion {
			return errs.New(errs.Unavailable, "%s: written by a newer pouch (schema %d)", path, version)
		}
	}
	if err := codec.Unmarshal(data, v); err != nil {
		return errs.New(errs.Corrupt, "%s: not a record: %w", path, err)
	}
	return nil
}

// belongs gives kind corrupt unless what was read from path is whose it says:
// valid JSON may be another record, or none at all.
func belongs(path, whose string, is bool) error {
	if is {
		return nil
	}
	return errs.New(errs.Corrupt, "%s: not a record: it is not %s", path, whose)
}
