package supervisor

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// hasOption reports whether m has a word of -v's third field.
func hasOption(m record.Mount, word string) bool { return slices.Contains(m.Options, word) }

// fillVolumes gives new volumes their first content, and all volumes and binds
// the owners that are asked for.
func (t *task) fillVolumes(ctx context.Context) error {
	for _, m := range t.rec.Mounts {
		if m.Type == "volume" && !m.NoCopy {
			if err := t.fillVolume(ctx, m); err != nil {
				return err
			}
		}
		if err := t.own(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// fillVolume copies what the image has, with the owners that the container sees:
// those on disk are the same for a mount that maps them, else they are mapped.
func (t *task) fillVolume(ctx context.Context, m record.Mount) error {
	if !t.mapped() || !hasOption(m, "idmap") {
		return volume.Populate(ctx, t.s.store, m.Name, t.opts.Rootfs, m.Destination)
	}
	dir := filepath.Join(t.bundle, "plain")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := mount.All(belowUpper(t.rootMounts), dir); err != nil {
		return err
	}
	defer mount.UnmountAll(dir) //nolint:errcheck // it ends with this process at the latest
	return volume.Populate(ctx, t.s.store, m.Name, dir, m.Destination)
}

// belowUpper are the mounts of a root without what the container has written.
func belowUpper(root []mount.Mount) []mount.Mount {
	out := slices.Clone(root)
	for i, m := range out {
		if m.Type != "overlay" {
			continue
		}
		var lower []string
		out[i].Options = slices.DeleteFunc(slices.Clone(m.Options), func(o string) bool {
			if list, ok := strings.CutPrefix(o, "lowerdir="); ok {
				lower = strings.Split(list, ":")
			}
			return strings.HasPrefix(o, "upperdir=") || strings.HasPrefix(o, "workdir=")
		})
		if len(lower) == 1 { // an overlay has two at least
			out[i] = mount.Mount{Type: "bind", Source: lower[0], Options: []string{"bind", "ro"}}
		}
	}
	return out
}

// inUserns fails with kind invalid when the user, or one of its groups, is nobody
// in the container's user namespace.
func inUserns(u specs.User, h record.Host) error {
	if _, ok := spec.ToHost(h.UIDMap, u.UID); !ok {
		return errs.New(errs.Invalid, "user %d is not in the container's user namespace: map more ids", u.UID)
	}
	for _, g := range append([]uint32{u.GID}, u.AdditionalGids...) {
		if _, ok := spec.ToHost(h.GIDMap, g); !ok {
			return errs.New(errs.Invalid, "group %d of user %d is not in the container's user namespace: map more ids", g, u.UID)
		}
	}
	return nil
}

func (t *task) mapped() bool { return len(t.rec.Host.UIDMap) > 0 }

// own gives a volume or a bind to the container's user when the option U asks
// for that, and a new volume to the root of a user namespace.
func (t *task) own(ctx context.Context, m record.Mount) error {
	if m.Type != "volume" && m.Type != "bind" {
		return nil
	}
	h := t.rec.Host
	if hasOption(m, "idmap") {
		h.UIDMap, h.GIDMap = nil, nil // on disk they are the container's
	}
	if hasOption(m, "U") {
		user := t.opts.Spec.Process.User
		uid, ok := spec.ToHost(h.UIDMap, user.UID)
		gid, gok := spec.ToHost(h.GIDMap, user.GID)
		if !ok || !gok {
			return errs.New(errs.Invalid, "mount %s: the option U: user %d:%d is not in the container's user namespace", m.Destination, user.UID, user.GID)
		}
		return volume.Give(ctx, m, uid, gid)
	}
	if m.Type != "volume" || len(h.UIDMap) == 0 {
		return nil
	}
	uid, _ := spec.ToHost(h.UIDMap, 0)
	gid, _ := spec.ToHost(h.GIDMap, 0)
	return volume.GiveNew(m, uid, gid)
}
