package container

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// Leftover is a thing that nothing needs any more.
type Leftover struct {
	Kind   string `json:"kind"`   // container, task, snapshot, lease, cgroup, netns, name …
	Name   string `json:"name"`   // what it is called
	Owner  string `json:"owner"`  // the container or network it belonged to
	Reason string `json:"reason"` // why it is a leftover
}

// ending is how long Leftovers waits for supervisors and commands that are
// cleaning up at the moment.
const ending = 10 * time.Second

// Leftovers finds what crashes have left, in every kind of thing that Pouch
// makes. What a living command or supervisor is working on does not count: it
// is waited for.
func (m *Manager) Leftovers(ctx context.Context) ([]Leftover, error) {
	first, err := m.survey(ctx)
	if err != nil || len(first) == 0 {
		return first, err
	}
	m.awaitEnding(ctx, first)
	second, err := m.survey(ctx)
	if err != nil {
		return nil, err
	}
	return both(first, second), nil
}

// awaitEnding waits for whoever is ending one of the containers in question.
func (m *Manager) awaitEnding(ctx context.Context, found []Leftover) {
	ctx, cancel := context.WithTimeout(ctx, ending)
	defer cancel()
	for _, l := range found {
		if isID(l.Owner) && !m.cutShort(l.Owner) {
			if !m.goesOn(l.Owner) {
				m.awaitSupervisor(ctx, l.Owner, ending) //nolint:errcheck // what does not end is told as left
			}
			if lock, err := m.Store.Lock(ctx, "c", l.Owner); err == nil {
				m.drop(lock, l.Owner)
			}
		}
	}
}

// goesOn reports whether a container has processes, or will have them again: its
// supervisor ends nothing of it.
func (m *Manager) goesOn(id string) bool {
	st, err := m.Store.State(id)
	return err == nil && Alive(st) && !m.stale(st)
}

// drop gives a container's lock back, and takes the file along when there is no
// such container.
func (m *Manager) drop(lock *fsx.Lock, id string) {
	if m.exists(id) {
		lock.Unlock()
		return
	}
	lock.Remove()
}

// both returns what of b was in a already; its reason may be another one now.
func both(a, b []Leftover) []Leftover {
	seen := map[Leftover]bool{}
	for _, l := range a {
		l.Reason = ""
		seen[l] = true
	}
	var out []Leftover
	for _, l := range b {
		if seen[Leftover{l.Kind, l.Name, l.Owner, ""}] {
			out = append(out, l)
		}
	}
	return out
}

func (m *Manager) survey(ctx context.Context) ([]Leftover, error) {
	out, err := m.surveyRecords()
	if err != nil {
		return nil, err
	}
	for _, find := range []func(context.Context) ([]Leftover, error){m.surveyEngine, m.surveyRun, m.surveyStale, m.surveyCgroups, m.surveyNetwork, m.surveyVolumes, m.surveyLxcfs} {
		more, err := find(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Kind+out[i].Name < out[j].Kind+out[j].Name })
	return out, nil
}

// nameKind is the kind of names.
const nameKind = "name"

// surveyRecords looks at the containers on disk and at their names.
func (m *Manager) surveyRecords() ([]Leftover, error) {
	ids, err := m.Store.ContainerIDs()
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, id := range ids {
		if reason := m.wrong(id); reason != "" {
			out = append(out, Leftover{"container", id, id, reason})
		}
	}
	names, err := m.Store.Names()
	if err != nil {
		return nil, err
	}
	for n, id := range names {
		if !m.exists(id) {
			out = append(out, Leftover{nameKind, n, id, "it leads to no container"})
		}
	}
	return out, nil
}

// wrong says why a container on disk must be reaped, or "".
func (m *Manager) wrong(id string) string {
	if m.cutShort(id) {
		return "its upgrade was cut short"
	}
	if m.supervised(id) {
		if st, err := m.Store.State(id); err == nil && (m.initEnded(st) || m.lost(st)) {
			return "its supervisor has not finished"
		}
		return ""
	}
	v, err := m.verdict(id)
	if errs.Is(err, errs.Corrupt) {
		return damaged(id, err).Error()
	}
	st, serr := m.state(id)
	switch {
	case err != nil || serr != nil:
		return ""
	case v == destroy:
		return "its owner died while it was " + string(st.Status)
	case v == settle && m.stateDamaged(id):
		return "its state file is damaged"
	case v == settle && (st.Status != "exited" || exists(m.Store.RunDir(id))):
		return "it has ended and its run was not released"
	}
	return ""
}

func (m *Manager) surveyEngine(ctx context.Context) ([]Leftover, error) {
	if m.address == "" && !exists(filepath.Join(m.Store.Root, "engine")) {
		return nil, nil // no containerd ever ran here
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	o, err := cl.Objects(ctx)
	if err != nil {
		return nil, err
	}
	out := m.engineLeftovers(o)
	dead, err := images.Abandoned(ctx, cl.Conn, cl.Namespace)
	for _, id := range dead {
		out = append(out, Leftover{"lease", id, imageOwner, "the command that fetched an image died"})
	}
	return out, err
}

func (m *Manager) engineLeftovers(o *ctrd.Objects) []Leftover {
	var out []Leftover
	for kind, ids := range map[string][]string{"task": o.Tasks, "container record": o.Containers, "snapshot": o.Snapshots} {
		for _, name := range ids {
			id := snapshotOwner(name)
			if isID(id) && !m.exists(id) {
				out = append(out, Leftover{kind, name, id, "no such container"})
			}
		}
	}
	for _, id := range o.Tasks {
		if st, err := m.Store.State(id); err == nil && st.Status == "exited" && !m.supervised(id) {
			out = append(out, Leftover{"task", id, id, "its container has ended"})
		}
	}
	return out
}

// surveyRun looks at the run-root.
func (m *Manager) surveyRun(context.Context) ([]Leftover, error) {
	var out []Leftover
	for kind, dir := range map[string]string{
		"run folder": filepath.Dir(m.Store.RunDir("x")),
		"lock":       filepath.Dir(m.Store.SupervisorLock("x")),
	} {
		names, err := entries(dir)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			class, id, ok := strings.Cut(n, "-")
			if !ok {
				id = n
			} else if class == "v" {
				continue // an anonymous volume is named like a container
			}
			if isID(id) && !m.exists(id) && !m.supervised(id) {
				out = append(out, Leftover{kind, n, id, "no such container"})
			}
		}
	}
	return out, nil
}

func (m *Manager) exists(id string) bool { return isID(id) && exists(m.Store.ContainerDir(id)) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func entries(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// isID reports whether s is a container's id.
func isID(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
