package supervisor

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/binfmt"
)

// diagnose adds to the error of a command that the kernel does not run what is
// wrong with it. Where nothing is found the error stays as it is.
func (t *task) diagnose(err error, p *specs.Process) error {
	kind := errs.KindOf(err)
	if kind != errs.NoCommand && kind != errs.NotExecutable || errs.CauseOf(err) != "" || p == nil || len(p.Args) == 0 {
		return err
	}
	root, oerr := t.openRoot(p)
	if oerr != nil {
		return err
	}
	defer root.Close()
	f := binfmt.Explain(root, p.Args[0], pathOf(p.Env), p.Cwd)
	if f == nil {
		return err
	}
	if f.Cause == binfmt.NoCommand { // the runtime's words say it
		return errs.WithCause(err, f.Cause)
	}
	return errs.WithCause(errs.New(kind, "%w: %s", err, f.Text), f.Cause)
}

// openRoot opens the root as the container's processes see it: with its mounts
// when process 1 is there. Without, a command in a mount cannot be looked at.
func (t *task) openRoot(p *specs.Process) (*os.File, error) {
	at := t.opts.Rootfs
	if _, phase := t.current(); phase == running {
		at = fmt.Sprintf("/proc/%d/root", t.pid())
	} else if t.mounts(p.Args[0]) {
		return nil, errs.New(errs.Unsupported, "%s lies in a mount", p.Args[0])
	}
	return os.OpenFile(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// mounts reports whether name lies below a mount of the container's.
func (t *task) mounts(name string) bool {
	return slices.ContainsFunc(t.opts.Spec.Mounts, func(m specs.Mount) bool {
		return strings.HasPrefix(path.Clean(name)+"/", path.Clean(m.Destination)+"/")
	})
}

func pathOf(env []string) string {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			return v
		}
	}
	return ""
}
