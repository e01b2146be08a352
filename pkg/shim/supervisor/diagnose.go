package supervisor

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/shim/binfmt"
)

// diagnose adds to the error of a command that the kernel does not run what is
// wrong with it. Where nothing is found the error stays as it is.
func (t *task) diagnose(err error, p *specs.Process) error {
	kind := errs.KindOf(err)
	if kind != errs.NoCommand && kind != errs.NotExecutable || errs.CauseOf(err) != "" {
		return err
	}
	f := t.fault(p)
	if f == nil {
		return err
	}
	if f.Cause == binfmt.NoCommand { // the runtime's words say it
		return errs.WithCause(err, f.Cause)
	}
	return errs.WithCause(errs.New(kind, "%w: %s", err, f.Text), f.Cause)
}

// neverRan returns what is wrong with the command of a life that ended with the
// code of a command that could not be executed; nil when it ran.
func (t *task) neverRan(r result) error {
	if r.code != errs.NotExecutable.Exit() || t.rec == nil {
		return nil
	}
	f := t.fault(t.opts.Spec.Process)
	if f == nil {
		return nil
	}
	return errs.WithCause(errs.New(errs.NotExecutable, "%s", f.Text), f.Cause)
}

// fault looks at a command that did not run.
func (t *task) fault(p *specs.Process) *binfmt.Fault {
	if p == nil || len(p.Args) == 0 {
		return nil
	}
	root, err := os.OpenFile(t.opts.Rootfs, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer root.Close()
	open := func(name string) (*os.File, error) { return t.openSeen(root, name) }
	return binfmt.Explain(open, p.Args[0], pathOf(p.Env), p.Cwd)
}

// openSeen opens a file as the container sees it: of the root, or of what is
// mounted over that from the host. The container need not run.
func (t *task) openSeen(root *os.File, name string) (*os.File, error) {
	name = path.Clean(name)
	var best *specs.Mount
	for i, m := range t.opts.Spec.Mounts {
		if inside(name, m.Destination) && (best == nil || inside(m.Destination, best.Destination)) {
			best = &t.opts.Spec.Mounts[i]
		}
	}
	switch {
	case best == nil:
		return mount.OpenInRoot(root, name)
	case best.Type != "bind" && !slices.Contains(best.Options, "bind") && !slices.Contains(best.Options, "rbind"):
		return nil, errs.New(errs.Unsupported, "%s lies in a %s", name, best.Type)
	}
	source, err := os.OpenFile(best.Source, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil || path.Clean(best.Destination) == name {
		return source, err
	}
	defer source.Close()
	return mount.OpenInRoot(source, strings.TrimPrefix(name, path.Clean(best.Destination)))
}

// inside reports whether name is dir or lies below it.
func inside(name, dir string) bool {
	return strings.HasPrefix(path.Clean(name)+"/", strings.TrimSuffix(path.Clean(dir), "/")+"/")
}

func pathOf(env []string) string {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			return v
		}
	}
	return ""
}
