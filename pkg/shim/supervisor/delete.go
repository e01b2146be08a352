package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/shim/bundle"
	"github.com/pouchcontainer/pouch/pkg/shim/libct"
)

// deleteDead is `pouch-shim delete BUNDLE ID`: it ends and removes what a dead
// supervisor left of a container. containerd-shim-pouch-v2 runs it when there
// is something. Idempotent.
func deleteDead(args []string) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pouch-shim delete BUNDLE ID")
		return 1
	}
	if err := destroy(args[0], args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "pouch-shim: delete container %s: %v\n", args[1], err)
		return 1
	}
	return 0
}

func destroy(dir, id string) error {
	set, err := bundle.Read(dir)
	if err != nil {
		return errs.New(errs.Corrupt, "settings in %s: %w", dir, err)
	}
	log := &logger{id: id}
	s := &Supervisor{cfg: &Config{}, log: log, libct: libct.New(log)}
	eng, err := s.engine(set.Runtime)
	if err != nil {
		eng = s.libct // the runtime's program is gone: the cgroups are removed by path all the same
	}
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	if err := eng.Destroy(ctx, set.StateDir, id); err != nil {
		return err
	}
	return errors.Join(mount.UnmountAll(filepath.Join(dir, "secrets")), mount.UnmountAll(filepath.Join(dir, "rootfs")))
}
