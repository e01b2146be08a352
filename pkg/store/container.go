package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CreateContainer writes a container's intent: its folder, its record and a
// state that names the owner, all of it there at once. SyncContainer makes it
// durable.
func (s *Store) CreateContainer(c *record.Container, st *record.State) error {
	c.SchemaVersion, st.SchemaVersion = record.SchemaVersion, record.SchemaVersion
	// As long as somebody shares this lock, what is staged is not stale.
	l, err := fsx.LockDirShared(s.containers())
	if err != nil {
		return err
	}
	defer l.Unlock()
	tmp := s.stagedContainer(c.ID)
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	err = writeVolatile(filepath.Join(tmp, "state.json"), st)
	if err == nil {
		err = writeVolatile(filepath.Join(tmp, "config.json"), c)
	}
	if err == nil {
		err = fsx.MoveVolatile(tmp, s.ContainerDir(c.ID))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return nil
}

// DraftContainer replaces a container's record; SyncContainer makes it durable.
func (s *Store) DraftContainer(c *record.Container) error {
	return writeVolatile(filepath.Join(s.ContainerDir(c.ID), "config.json"), c)
}

// SyncContainer waits until a new container's record, state and name are on the
// disk.
func (s *Store) SyncContainer(c *record.Container) error {
	dir := s.ContainerDir(c.ID)
	return fsx.SyncAll(filepath.Join(dir, "config.json"), filepath.Join(dir, "state.json"), dir, s.containers(),
		filepath.Join(s.names(), c.Name), s.names())
}

// Container reads a container's record.
func (s *Store) Container(id string) (*record.Container, error) {
	c := &record.Container{}
	path := filepath.Join(s.ContainerDir(id), "config.json")
	if err := readJSON(path, c); err != nil {
		return c, err
	}
	return c, belongs(path, "the container's", c.ID == id)
}

// SetContainer replaces a container's record, durably.
func (s *Store) SetContainer(c *record.Container) error {
	return write(filepath.Join(s.ContainerDir(c.ID), "config.json"), c)
}

// State reads a container's state as it was last written; pkg/container asks
// the kernel whether it still holds. A container that has none is corrupt.
func (s *Store) State(id string) (*record.State, error) {
	st := &record.State{}
	path := filepath.Join(s.ContainerDir(id), "state.json")
	err := readJSON(path, st)
	if errs.Is(err, errs.NotFound) && s.hasContainer(id) {
		return st, errs.New(errs.Corrupt, "%w", err)
	}
	if err != nil {
		return st, err
	}
	return st, belongs(path, "a container's state", st.Status != "")
}

// SetState replaces a container's state, durably.
func (s *Store) SetState(id string, st *record.State) error {
	st.SchemaVersion = record.SchemaVersion
	return write(filepath.Join(s.ContainerDir(id), "state.json"), st)
}

// SetStateVolatile replaces a container's state without waiting for the disk:
// for one that is wrong after a power cut anyway, such as running.
func (s *Store) SetStateVolatile(id string, st *record.State) error {
	st.SchemaVersion = record.SchemaVersion
	return writeVolatile(filepath.Join(s.ContainerDir(id), "state.json"), st)
}

// ContainerIDs lists every container on disk, broken ones too, sorted.
func (s *Store) ContainerIDs() ([]string, error) {
	return list(s.containers(), isID)
}

// SupervisedIDs lists the containers that have a folder of sockets: none that has
// none has a supervisor, and so none of those runs.
func (s *Store) SupervisedIDs() ([]string, error) {
	return list(filepath.Join(s.RunRoot, "c"), isID)
}

// RemoveContainer removes a container's files and its name. Idempotent.
func (s *Store) RemoveContainer(id string) error {
	if !isID(id) {
		return errs.New(errs.Invalid, "%q is not a container id", id)
	}
	if err := s.releaseNames(id); err != nil {
		return err
	}
	if err := s.RemoveRun(id); err != nil {
		return err
	}
	return s.removeFiles(id)
}

// removeFiles takes the folder's name away first: nobody ever sees a container
// with a part of its files.
func (s *Store) removeFiles(id string) error {
	l, err := fsx.LockDirShared(s.containers())
	if err != nil {
		return err
	}
	defer l.Unlock()
	tmp := s.stagedContainer(id)
	err = fsx.MoveVolatile(s.ContainerDir(id), tmp)
	if errors.Is(err, fs.ErrExist) { // left by one who was killed here
		err = os.RemoveAll(s.ContainerDir(id))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(tmp)
}

// ClaimName gives name to container id; SyncContainer makes that durable. A name that
// another container has gives kind conflict with that container's id in the text; one
// whose container is gone is taken over. Idempotent.
func (s *Store) ClaimName(name, id string) error {
	path := filepath.Join(s.names(), name)
	for range 8 {
		err := fsx.CreateExclusiveVolatile(path, []byte(id), 0o600)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return err
		}
		holder, err := s.nameHolder(path)
		if err != nil {
			return err
		}
		if holder == id {
			return nil
		}
		if holder != "" && s.hasContainer(holder) {
			return errs.New(errs.Conflict, "the name %q is in use by container %s", name, holder)
		}
		if err := s.dropStaleName(path, holder); err != nil {
			return err
		}
	}
	return errs.New(errs.Unavailable, "the name %q changes hands too fast", name)
}

// ReleaseName gives a container's name back. Idempotent.
func (s *Store) ReleaseName(name, id string) error {
	path := filepath.Join(s.names(), name)
	holder, err := s.nameHolder(path)
	if err != nil || holder != id {
		return err
	}
	return removeIfThere(path)
}

// NameHolder returns the id that has name, or "".
func (s *Store) NameHolder(name string) (string, error) {
	return s.nameHolder(filepath.Join(s.names(), name))
}

// Names lists every claimed name with its container's id, or "" where that cannot
// be read.
func (s *Store) Names() (map[string]string, error) {
	names, err := list(s.names(), func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(names))
	for _, n := range names {
		if out[n], err = s.NameHolder(n); err != nil {
			out[n] = ""
		}
	}
	return out, nil
}

// dropStaleName removes a name whose container is gone; the lock keeps two
// commands from removing each other's fresh claim.
func (s *Store) dropStaleName(path, holder string) error {
	l, err := fsx.TryLock(filepath.Join(s.locks(), "names"))
	if errors.Is(err, fsx.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer l.Unlock()
	now, err := s.nameHolder(path)
	if err != nil || now != holder || s.hasContainer(now) {
		return err
	}
	return os.RemoveAll(path) // whatever lies there
}

func (s *Store) releaseNames(id string) error {
	c, err := s.Container(id)
	if err == nil && c.Name != "" {
		return s.ReleaseName(c.Name, id)
	}
	names, err := s.Names() // the record is broken: look for it
	if err != nil {
		return err
	}
	for n, holder := range names {
		if holder == id {
			if err := s.ReleaseName(n, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) hasContainer(id string) bool {
	_, err := os.Stat(s.ContainerDir(id))
	return isID(id) && err == nil
}

func (s *Store) nameHolder(path string) (string, error) {
	b, err := fsx.ReadAtMost(path, 128)
	switch {
	case errors.Is(err, fs.ErrNotExist), damagedName(err):
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// damagedName reports whether something else lies in the place of a name.
func damagedName(err error) bool {
	return errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EISDIR) || errors.Is(err, fsx.ErrTooLarge) || errors.Is(err, fsx.ErrNotRegular)
}

// ResolveContainer returns the id of the container that target names: by full
// name, full id, or a prefix of its id that is of one container only.
func (s *Store) ResolveContainer(target string) (string, error) {
	missing := errs.New(errs.NotFound, "No such container: %s", target)
	target = strings.TrimPrefix(target, "/")
	if target == "" || target == "." || target == ".." || strings.ContainsAny(target, "/\x00") {
		return "", missing
	}
	if holder, err := s.NameHolder(target); err == nil && s.hasContainer(holder) {
		return holder, nil
	}
	if s.hasContainer(target) {
		return target, nil
	}
	ids, err := s.ContainerIDs()
	if err != nil {
		return "", err
	}
	i := sort.SearchStrings(ids, target)
	if i == len(ids) || !strings.HasPrefix(ids[i], target) {
		return "", missing
	}
	if i+1 < len(ids) && strings.HasPrefix(ids[i+1], target) {
		return "", errs.New(errs.Invalid, "%q is the beginning of more than one container's id", target)
	}
	return ids[i], nil
}

// isID reports whether name is a container's id: 64 lower-case hex digits.
func isID(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// list returns the sorted names in dir that keep accepts, temporary files left out.
func list(dir string, keep func(string) bool) ([]string, error) {
	d, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return listed(d, keep)
}

// listed is list for a folder that is open. In one that was removed meanwhile the kernel
// finds ENOENT instead of nothing.
func listed(dir *os.File, keep func(string) bool) ([]string, error) {
	names, err := dir.Readdirnames(-1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list %s: %w", dir.Name(), err)
	}
	out := names[:0]
	for _, n := range names {
		if !fsx.IsTemp(n) && keep(n) {
			out = append(out, n)
		}
	}
	sort.Strings(out)
	return out, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
