package lxcfs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Remounted is what Remount did for one container.
type Remounted struct {
	Container string                    `json:"container"`
	Files     map[string]mount.Replaced `json:"files"`
}

// Remount starts lxcfs unless it runs and answers, and gives every running
// container that asked for lxcfs the files of this one in place of a dead one's,
// from outside, also while it is paused. One that ends meanwhile is left out. When
// one fails the rest is done, and the errors come together. Idempotent.
func (v *Service) Remount(ctx context.Context) (done []Remounted, failed []error, err error) {
	procs, err := v.running()
	if err != nil {
		return nil, nil, err
	}
	if err := v.Start(ctx, false); err != nil {
		return nil, nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(procs)) {
		r, err := v.RemountOne(ctx, id, procs[id])
		switch {
		case !proc.Alive(procs[id]):
		case err != nil:
			failed = append(failed, fmt.Errorf("container %s: %w", id[:12], err))
		default:
			done = append(done, r)
		}
	}
	return done, failed, nil
}

// RemountOne does that for the container id, whose process 1 is p.
func (v *Service) RemountOne(ctx context.Context, id string, p record.Proc) (Remounted, error) {
	out := Remounted{Container: id, Files: map[string]mount.Replaced{}}
	trees, err := v.take(ctx, false, Files())
	if err != nil {
		return out, err
	}
	_, err = limited(ctx, v.limit, func() (struct{}, error) { // a container's own filesystems are not to be trusted
		defer closeAll(trees)
		return struct{}{}, replaceAll(p, trees, out.Files)
	})
	return out, err
}

func replaceAll(p record.Proc, trees map[string]mount.Tree, found map[string]mount.Replaced) error {
	ns, err := namespace(p)
	if err != nil {
		return err
	}
	defer ns.Close()
	infos, err := ofProc(p, "mountinfo")
	if err != nil {
		return err
	}
	defer infos.Close()
	for _, name := range Files() {
		t, ok := trees[name]
		if !ok {
			continue
		}
		if err := t.Confine(); err != nil {
			return err
		}
		place := mount.Place{NS: ns, Infos: infos, FS: "/proc", Type: "proc"}
		if rest, ok := strings.CutPrefix(name, "sys/"); ok {
			place.FS, place.Type, place.Name = "/sys", "sysfs", rest
		} else {
			place.Name = strings.TrimPrefix(name, "proc/")
		}
		if found[name], err = t.Replace(place, Type); err != nil {
			return errs.New(errs.KindOf(err), "%s: %w", name, err)
		}
	}
	return nil
}
