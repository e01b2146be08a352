package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/codec"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/shim/bundle"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// maxSpec bounds a bundle's config.json.
const maxSpec = 16 << 20

// create makes the container of req up to the point where start lets it run.
// On error nothing of it is left.
func (s *Supervisor) create(ctx context.Context, req *createRequest) (*task, error) {
	t := newTask(s, req.id, req.bundle)
	t.names = req.names
	if err := s.add(t); err != nil {
		return nil, err
	}
	defer s.warm()
	err := t.prepare(ctx, req)
	if err == nil {
		err = t.live(ctx)
	}
	if err == nil {
		if t.rec != nil {
			s.first <- t
		}
		if s.isGone() {
			t.abandoned()
		}
		return t, nil
	}
	if t.opts.Spec != nil {
		err = t.diagnose(err, t.opts.Spec.Process)
	}
	if uerr := t.unmount(); uerr != nil {
		err = errors.Join(err, uerr)
	}
	s.drop(t.id)
	s.tellClient(err)
	if s.isGone() {
		s.end()
	}
	return nil, err
}

// createRequest is what containerd asks for.
type createRequest struct {
	id, bundle string
	names      ioNames
	rootfs     []mount.Mount
	runtime    string // path or name of an OCI runtime; empty: libcontainer
	systemd    bool   // cgroups by systemd
}

// prepare makes what all lives share: settings, root, spec, streams' kind.
func (t *task) prepare(ctx context.Context, req *createRequest) error {
	if t.s.cfg.pouch() && req.id == t.s.cfg.ID {
		if _, err := t.s.client.wait(ctx); err != nil {
			return err
		}
		t.rec = t.s.rec
	}
	spec, err := readSpec(req.bundle)
	if err != nil {
		return err
	}
	if spec.Process != nil && spec.Process.OOMScoreAdj == nil {
		spec.Process.OOMScoreAdj = &t.s.oomScore
	}
	stateDir, err := t.chooseEngine(req)
	if err != nil {
		return err
	}
	if spec.Linux != nil {
		if t.named, t.held, err = t.s.seeNamespaces(spec.Linux.Namespaces, false); err != nil {
			return err
		}
	}
	if t.rec != nil {
		if err := t.confine(spec); err != nil {
			return err
		}
	}
	rootfs, err := t.mount(req.rootfs, spec)
	if err != nil {
		return err
	}
	t.opts = engine.CreateOpts{
		ID: t.id, Bundle: req.bundle, Rootfs: rootfs, Spec: spec,
		StateDir: stateDir, SystemdCgroup: req.systemd || wantsSystemd(spec), CacheDir: t.s.cacheDir(),
	}
	if t.rec == nil {
		t.wire = t.plainStreams
		return nil
	}
	t.opts.Restore = t.s.restored()
	if err := t.personalize(ctx); err != nil {
		return err
	}
	return t.pouchStreams(ctx)
}

// chooseEngine chooses the engine and notes in the bundle what a deletion after a crash
// needs; it returns where the engine keeps its notes.
func (t *task) chooseEngine(req *createRequest) (stateDir string, err error) {
	set := bundle.Settings{StateDir: filepath.Join(req.bundle, "runtime"), Runtime: req.runtime, Socket: t.s.cfg.Socket}
	if t.rec != nil {
		set = bundle.Settings{StateDir: t.s.store.RuntimeDir(), Runtime: t.rec.Runtime}
	}
	if t.eng, err = t.s.engine(set.Runtime); err != nil {
		return "", err
	}
	if err := bundle.Write(req.bundle, set); err != nil {
		return "", fmt.Errorf("note the settings in %s: %w", req.bundle, err)
	}
	return set.StateDir, os.MkdirAll(set.StateDir, 0o711)
}

// cacheDir is where compiled seccomp filters are kept.
func (s *Supervisor) cacheDir() string {
	root := store.DefaultRunRoot
	if s.store != nil {
		root = s.store.RunRoot
	}
	return filepath.Join(root, "seccomp")
}

func readSpec(dir string) (*specs.Spec, error) {
	path := filepath.Join(dir, "config.json")
	data, err := fsx.ReadAtMost(path, maxSpec)
	if err != nil {
		return nil, fmt.Errorf("read the spec: %w", err)
	}
	sp := &specs.Spec{}
	if err := codec.Unmarshal(data, sp); err != nil {
		return nil, errs.New(errs.Invalid, "%s: not an OCI runtime spec: %w", path, err)
	}
	if sp.Root == nil || sp.Process == nil {
		return nil, errs.New(errs.Invalid, "%s: it has no root or no process", path)
	}
	return sp, nil
}

// mount mounts the root in the bundle and returns its path. Without mounts it
// is the one that the spec names.
func (t *task) mount(mounts []mount.Mount, spec *specs.Spec) (string, error) {
	if len(mounts) == 0 {
		root := spec.Root.Path
		if !filepath.IsAbs(root) {
			root = filepath.Join(t.bundle, root)
		}
		return root, nil
	}
	root := filepath.Join(t.bundle, "rootfs")
	if err := os.MkdirAll(root, 0o711); err != nil {
		return "", err
	}
	if t.rec != nil && spec.Linux != nil {
		mounts = labelled(mounts, spec.Linux.MountLabel)
	}
	t.rootMounts = mounts
	if t.rec != nil && t.mapped() {
		mounts = mount.Mapped(mounts, t.rec.Host.UIDMap, t.rec.Host.GIDMap)
		if err := reachable(t.bundle, t.rec.Host); err != nil {
			return "", err
		}
	}
	if err := mount.All(mounts, root); err != nil {
		return "", fmt.Errorf("mount the root of container %s: %w", t.id, err)
	}
	t.mounted = true
	return root, nil
}

func (t *task) unmount() error {
	closeAll(slices.Concat(t.held, t.joined))
	t.held, t.joined = nil, nil
	if t.answers != nil {
		t.answers.Close()
		t.answers = nil
	}
	if t.shm.id != "" {
		if err := mount.UnmountAll(t.shmDir()); err != nil {
			return fmt.Errorf("unmount /dev/shm of container %s: %w", t.shm.id, err)
		}
	}
	if !t.mounted {
		return nil
	}
	if err := mount.UnmountAll(filepath.Join(t.bundle, "rootfs")); err != nil {
		return fmt.Errorf("unmount the root of container %s: %w", t.id, err)
	}
	t.mounted = false
	return nil
}

// make creates the container, to which its cgroup belongs where that is asked for.
func (t *task) make(ctx context.Context, o engine.CreateOpts) (engine.Container, error) {
	c, err := t.eng.Create(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := t.giveHierarchy(); err != nil {
		return nil, errors.Join(err, c.Delete(ctx))
	}
	return c, nil
}

// live begins one life: streams, container, and the watch for its end. On
// error nothing of it is left.
func (t *task) live(ctx context.Context) error {
	t.limits.Lock() // update comes before or after
	defer t.limits.Unlock()
	if err := t.join(); err != nil {
		return err
	}
	hide, err := t.secrets.expose()
	if err != nil {
		return err
	}
	defer hide()
	sp, unmount, err := t.virtualize(ctx, t.opts.Spec)
	if err != nil {
		return err
	}
	defer unmount()
	sp, cover, err := t.subpaths(sp)
	if err != nil {
		return err
	}
	defer cover()
	streams, err := t.wire()
	if err != nil {
		return err
	}
	o := t.opts
	o.Spec = sp
	o.IO = engineIO(streams)
	files, given := t.givePreserved()
	defer given()
	o.IO.Extra = files
	c, err := t.make(ctx, o)
	streams.Started()
	if err != nil {
		streams.Close()
		return err
	}
	t.opts.Restore = nil // further lives begin anew
	p := &process{names: t.names, streams: streams, hub: t.hub, input: t.input, logged: t.logged, p: c, starts: true, done: make(chan struct{})}
	if t.rec == nil || t.record().Host.Resources.Memory > 0 {
		t.oom = t.watchOOM(c)
	}
	t.mu.Lock()
	t.c, t.main, t.phase = c, p, created
	t.mu.Unlock()
	go t.watch(c, p)
	return nil
}
