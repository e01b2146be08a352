package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/lxcfs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// virtualize mounts lxcfs in the bundle, as long as a life is created, and returns
// the specification with binds of its files. hide takes it away: the container has
// its own by then. What a crash left there goes first.
func (t *task) virtualize(ctx context.Context, s *specs.Spec) (_ *specs.Spec, hide func(), err error) {
	if t.rec == nil || !t.rec.Host.Lxcfs {
		return s, func() {}, nil
	}
	dir := filepath.Join(t.bundle, "lxcfs")
	if err := errors.Join(mount.UnmountAll(dir), os.MkdirAll(dir, 0o711)); err != nil {
		return nil, nil, err
	}
	if err := lxcfs.Of(t.s.store).MountAt(ctx, dir); err != nil {
		return nil, nil, fmt.Errorf("--lxcfs: %w", err)
	}
	hide = func() {
		if err := mount.UnmountAll(dir); err != nil {
			t.s.log.errorf("unmount lxcfs: %v", err)
		}
	}
	out := *s
	out.Mounts = append(out.Mounts[:len(out.Mounts):len(out.Mounts)], spec.Lxcfs(s, dir, present(dir))...)
	return &out, hide, nil
}

// present are the files that the lxcfs at dir has, and the kernel too.
func present(dir string) []string {
	var out []string
	for _, f := range lxcfs.Files() {
		if unix.Access(filepath.Join(dir, f), unix.F_OK) == nil && unix.Access("/"+f, unix.F_OK) == nil {
			out = append(out, f)
		}
	}
	return out
}
