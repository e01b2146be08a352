// Package cgroup finds, freezes, kills and removes the cgroups of a container
// by their folders, on cgroup v1, hybrid and v2 (cgroups(7)). It trusts no
// runtime's word: what the kernel lists is what is there.
package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// mountpoint is where every distribution mounts the hierarchies: the unified
// one itself, or a tmpfs with one folder a hierarchy.
const mountpoint = "/sys/fs/cgroup"

// Group is a cgroup: the same path in every hierarchy of the host.
type Group struct{ dirs []dir }

// dir is the group's folder in one hierarchy.
type dir struct {
	path        string
	controllers []string // of a v1 hierarchy: memory, freezer …
	v2          bool
}

// Of returns the group at an absolute path such as /pouch/<id>, in every
// hierarchy of the host, whether its folders exist or not. A path that is the
// root, or is not clean, is errs.Invalid.
func Of(path string) (*Group, error) {
	if path == "/" || !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return nil, errs.New(errs.Invalid, "cgroup %q: not a clean absolute path below the root", path)
	}
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	g := &Group{}
	for _, r := range roots {
		r.path = filepath.Join(r.path, path)
		g.dirs = append(g.dirs, r)
	}
	return g, nil
}

// Dirs returns the group of the given folders, as a runtime names them. A
// folder that is not strictly below a hierarchy is errs.Invalid.
func Dirs(paths []string) (*Group, error) {
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	g := &Group{}
	for _, p := range paths {
		d, ok := below(roots, p)
		if !ok {
			return nil, errs.New(errs.Invalid, "cgroup %q: not below a hierarchy in %s", p, mountpoint)
		}
		if !slices.ContainsFunc(g.dirs, func(o dir) bool { return o.path == p }) {
			g.dirs = append(g.dirs, d)
		}
	}
	return g, nil
}

// below finds the hierarchy that holds p.
func below(roots []dir, p string) (dir, bool) {
	if filepath.Clean(p) != p {
		return dir{}, false
	}
	for _, r := range roots {
		if strings.HasPrefix(p, r.path+"/") {
			r.path = p
			return r, true
		}
	}
	return dir{}, false
}

// OfPid returns the group that process pid is in, from /proc/<pid>/cgroup.
// Hierarchies in which it is in the root are left out.
func OfPid(pid int) (*Group, error) {
	byName, err := membership(pid)
	if err != nil {
		return nil, err
	}
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	g := &Group{}
	for _, r := range roots {
		p, ok := byName[r.key()]
		if !ok || p == "/" || strings.HasPrefix(p, "/..") {
			continue
		}
		r.path = filepath.Join(r.path, p)
		g.dirs = append(g.dirs, r)
	}
	return g, nil
}

// key is the name under which /proc/<pid>/cgroup lists the hierarchy.
func (d dir) key() string {
	if d.v2 {
		return ""
	}
	return d.controllers[0]
}

// Paths returns the group's folders.
func (g *Group) Paths() []string {
	out := make([]string, 0, len(g.dirs))
	for _, d := range g.dirs {
		out = append(out, d.path)
	}
	return out
}

// Exists reports whether any of the group's folders is there.
func (g *Group) Exists() bool {
	return slices.ContainsFunc(g.dirs, func(d dir) bool {
		_, err := os.Lstat(d.path)
		return err == nil
	})
}

// Unified reports whether the host has cgroup v2 alone.
func Unified() bool { return magic(mountpoint) == unix.CGROUP2_SUPER_MAGIC }

// hierarchies lists the roots that are mounted, as they were when it was first asked:
// nobody mounts one while a program of Pouch runs.
var hierarchies = sync.OnceValues(findHierarchies) //nolint:gochecknoglobals // a constant that has to be asked for

func findHierarchies() ([]dir, error) {
	if Unified() {
		return []dir{{path: mountpoint, v2: true}}, nil
	}
	entries, err := os.ReadDir(mountpoint)
	if err != nil {
		return nil, errs.New(errs.Unsupported, "list the cgroup hierarchies: %w", err)
	}
	var out []dir
	for _, e := range entries {
		if !e.IsDir() { // cpu -> cpu,cpuacct is a link to another entry
			continue
		}
		p := filepath.Join(mountpoint, e.Name())
		switch magic(p) {
		case unix.CGROUP2_SUPER_MAGIC:
			out = append(out, dir{path: p, v2: true})
		case unix.CGROUP_SUPER_MAGIC:
			out = append(out, dir{path: p, controllers: strings.Split(e.Name(), ",")})
		}
	}
	if len(out) == 0 {
		return nil, errs.New(errs.Unsupported, "no cgroup hierarchy is mounted in %s: mount one", mountpoint)
	}
	return out, nil
}

func magic(path string) int64 {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return 0
	}
	return int64(st.Type) //nolint:unconvert // as wide as the architecture has it
}

// membership parses /proc/<pid>/cgroup: controller to path, "" for v2.
func membership(pid int) (map[string]string, error) {
	b, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "cgroup"))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for name := range strings.SplitSeq(f[1], ",") {
			out[strings.TrimPrefix(name, "name=")] = f[2]
		}
	}
	return out, nil
}

// controller returns the folder in the v1 hierarchy of that name, or "".
func (g *Group) controller(name string) string {
	for _, d := range g.dirs {
		if slices.Contains(d.controllers, name) {
			return d.path
		}
	}
	return ""
}

// v2 returns the folder in the unified hierarchy, or "".
func (g *Group) v2() string {
	for _, d := range g.dirs {
		if d.v2 {
			return d.path
		}
	}
	return ""
}

// Dir returns the group's folder in a v1 controller's hierarchy, or in that of v2
// for ""; "" when there is none.
func (g *Group) Dir(controller string) string {
	if controller == "" {
		return g.v2()
	}
	return g.controller(controller)
}

// Path returns the group's path below the root of a v1 controller's hierarchy,
// or of v2 for "", such as /pouch/<id>; "" when there is none.
func (g *Group) Path(controller string) string {
	p := g.Dir(controller)
	roots, err := hierarchies()
	if err != nil {
		return ""
	}
	for _, r := range roots {
		if rest, ok := strings.CutPrefix(p, r.path+"/"); ok {
			return "/" + rest
		}
	}
	return ""
}
