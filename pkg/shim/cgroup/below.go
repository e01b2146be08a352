package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Sub is a cgroup below another, in one hierarchy alone, which holds some of the
// other's processes so that they can be killed together. It has no limits.
type Sub struct {
	*Group
	// Controller names the hierarchy: a v1 controller, or "" for v2.
	Controller string
	// Name is the folder's name in the cgroup above.
	Name string
}

// Below makes a cgroup below g, with a name that begins with prefix; last is the
// number that the name before had. It costs one folder: on v1 that of the freezer,
// which Kill needs, and on v2 one where no controller is enabled, so that the rule
// of no internal processes (cgroup-v2.rst) lets processes stay in g, too. A v2
// group that can have no further group with processes is errs.Unsupported.
func (g *Group) Below(prefix string, last *atomic.Uint64) (*Sub, error) {
	d, key, err := g.killable()
	if err != nil {
		return nil, err
	}
	for {
		name := prefix + itoa(int(last.Add(1)))
		under := d
		under.path = filepath.Join(d.path, name)
		err := os.Mkdir(under.path, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue // the container's own, or of a life before
		}
		if err != nil {
			return nil, err
		}
		s := &Sub{Group: &Group{dirs: []dir{under}}, Controller: key, Name: name}
		if d.v2 && invalidDomain(under.path) {
			s.Prune() //nolint:errcheck // it goes with g
			return nil, errs.New(errs.Unsupported, "cgroup %s: it is threaded", d.path)
		}
		return s, nil
	}
}

// killable is the hierarchy in which a sub-group can be killed best, and the name
// of its controller, "" for v2.
func (g *Group) killable() (dir, string, error) {
	if len(g.dirs) == 0 {
		return dir{}, "", errs.New(errs.Unsupported, "no cgroup")
	}
	for _, d := range g.dirs {
		if d.v2 && len(g.dirs) == 1 {
			return d, "", nil
		}
		for _, c := range d.controllers {
			if c == "freezer" {
				return d, c, nil
			}
		}
	}
	for _, d := range g.dirs {
		if !d.v2 && !strings.HasPrefix(d.controllers[0], "systemd") {
			return d, d.controllers[0], nil
		}
	}
	return dir{}, "", errs.New(errs.Unsupported, "no cgroup hierarchy of a controller")
}

// invalidDomain reports whether a v2 group may have no processes, as below one
// that is threaded.
func invalidDomain(path string) bool {
	b := make([]byte, 32)
	fd, err := unix.Open(filepath.Join(path, "cgroup.type"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, b)
	return err == nil && strings.HasPrefix(string(b[:n]), "domain invalid")
}
