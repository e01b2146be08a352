package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
)

// Labels of a mounted view: folder, id and name. The folder of one that Pouch
// made, and removes, has a label too.
const (
	labelFolder = "pouch.image.folder"
	labelID     = "pouch.image.id"
	labelName   = "pouch.image.name"
	labelOwn    = "pouch.image.own-folder"
	labelFact   = "pouch.image.mount" // see mountFact; without: it was not told in time
	labelBoot   = "pouch.image.boot"  // what is mounted at the folder after another one is somebody else's
)

// Mounted is an image that can be read at a folder.
type Mounted struct {
	Folder string        // absolute
	ID     digest.Digest // of the image
	Name   string        // familiar, as it was mounted; the id of one without a name
	key    string        // of the view
	own    bool          // Pouch made the folder
}

// Mount makes the root of the image that target names readable at folder, which
// must be there, or, when that is empty, at a folder of Pouch's, until Unmount or
// the machine's end; the image may be removed meanwhile. A folder that has a
// mount gives kind conflict, but Pouch's own with the same image is returned.
func (m *Manager) Mount(outer context.Context, target, folder string) (at *Mounted, err error) {
	ctx, settle := m.watch(outer)
	defer settle(&err)
	lock, err := m.state.Lock(ctx, "image-mounts", "all")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	s, err := m.store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(outer, s, &err)
	img, d, err := m.unpacked(ctx, s, target)
	if err != nil {
		return nil, err
	}
	now, err := m.mounted(ctx)
	if err != nil {
		return nil, err
	}
	at = &Mounted{Folder: folder, ID: img.ID, Name: imageref.Familiar(img.Name), own: folder == ""}
	if at.own {
		at.Folder = filepath.Join(m.state.RunRoot, "images", img.ID.Encoded())
	}
	if i := slices.IndexFunc(now, func(o Mounted) bool { return o.Folder == at.Folder }); i >= 0 && at.own {
		return &now[i], nil
	}
	if err := at.prepare(); err != nil {
		return nil, err
	}
	at.key = "image-mount-" + digest.FromString(at.Folder).Encoded()
	labels := map[string]string{labelFolder: at.Folder, labelID: img.ID.String(), labelName: at.Name}
	if labels[labelBoot], err = proc.BootID(); err != nil {
		return nil, err
	}
	if at.own {
		labels[labelOwn] = "true"
	}
	v, err := m.store.KeepView(ctx, at.key, d.Config.RootFS.DiffIDs, labels)
	if err == nil {
		err = m.mountView(ctx, v, at.Folder)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mount %s: %w", target, err), m.drop(ctx, *at))
	}
	m.event("mount", img.Name, img.ID)
	return at, nil
}

// mountView mounts a view, and notes which mount that is.
func (m *Manager) mountView(ctx context.Context, v *imagestore.View, folder string) error {
	err := mount.All(readOnly(v), folder)
	if err != nil {
		return err
	}
	fact, err := mountFact(folder)
	if err == nil {
		err = m.store.LabelView(ctx, v.Key, labelFact, fact)
	}
	if err != nil {
		return errors.Join(err, mount.UnmountAll(folder))
	}
	return nil
}

// prepare makes the folder ready, and its path absolute.
func (at *Mounted) prepare() (err error) {
	if at.own {
		return os.MkdirAll(at.Folder, 0o700)
	}
	if at.Folder, err = filepath.Abs(at.Folder); err != nil {
		return err
	}
	if at.Folder, err = filepath.EvalSymlinks(at.Folder); err != nil {
		return errs.New(errs.NotFound, "%w", err)
	}
	if st, err := os.Stat(at.Folder); err != nil || !st.IsDir() {
		return errs.New(errs.Invalid, "%s: not a folder", at.Folder)
	}
	if there, err := mount.Mounted(at.Folder); err != nil || there {
		return errors.Join(err, errs.New(errs.Conflict, "%s: something is mounted there", at.Folder))
	}
	return nil
}

// readOnly are the view's mounts; of one layer it is a bind mount.
func readOnly(v *imagestore.View) []mount.Mount {
	out := mountsOf(v)
	for i := range out {
		if !slices.Contains(out[i].Options, "ro") {
			out[i].Options = append(slices.Clone(out[i].Options), "ro")
		}
	}
	return out
}

// Mounts lists the images that are mounted. What a machine that went down has
// left of others is removed.
func (m *Manager) Mounts(ctx context.Context) (out []Mounted, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	lock, err := m.state.Lock(ctx, "image-mounts", "all")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	return m.mounted(ctx)
}

// mounted lists what is mounted in fact, and drops the views that are not.
func (m *Manager) mounted(ctx context.Context) (out []Mounted, err error) {
	views, err := m.store.Views(ctx, labelFolder)
	if err != nil {
		return nil, err
	}
	boot, err := proc.BootID()
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		at := Mounted{
			Folder: v.Labels[labelFolder], ID: digest.Digest(v.Labels[labelID]), Name: v.Labels[labelName],
			key: v.Key, own: v.Labels[labelOwn] != "",
		}
		there, err := at.stands(v.Labels, boot)
		if err != nil {
			return nil, err
		}
		if there {
			out = append(out, at)
		} else if err := m.drop(ctx, at); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b Mounted) int { return strings.Compare(a.Folder, b.Folder) })
	return out, nil
}

// stands reports whether what is mounted at the folder is what the labels tell of.
func (at Mounted) stands(labels map[string]string, boot string) (bool, error) {
	there, err := mount.Mounted(at.Folder)
	if err != nil || !there || labels[labelBoot] != boot {
		return false, err
	}
	fact, err := mountFact(at.Folder)
	return labels[labelFact] == "" || labels[labelFact] == fact, err
}

// drop removes what is left of a mount that is none any more. Idempotent.
func (m *Manager) drop(ctx context.Context, at Mounted) error {
	err := m.store.RemoveView(ctx, at.key)
	if at.own {
		if rerr := os.Remove(at.Folder); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	return err
}

// Unmount ends the mounts at target, a folder, or of the image that it names by
// name or by its id's beginning, and returns their folders. One that is none
// gives kind not_found.
func (m *Manager) Unmount(ctx context.Context, target string) (folders []string, err error) {
	return m.unmount(ctx, target, func(at Mounted) bool { return at.is(target) })
}

// UnmountAll ends all mounts.
func (m *Manager) UnmountAll(ctx context.Context) (folders []string, err error) {
	folders, err = m.unmount(ctx, "", func(Mounted) bool { return true })
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return folders, err
}

func (m *Manager) unmount(ctx context.Context, target string, is func(Mounted) bool) (folders []string, err error) {
	ctx, settle := m.watch(ctx)
	defer settle(&err)
	lock, err := m.state.Lock(ctx, "image-mounts", "all")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	now, err := m.mounted(ctx)
	if err != nil {
		return nil, err
	}
	for _, at := range now {
		if !is(at) {
			continue
		}
		if err := errors.Join(mount.UnmountAll(at.Folder), m.drop(ctx, at)); err != nil {
			return folders, fmt.Errorf("unmount %s: %w", at.Folder, err)
		}
		m.event("unmount", at.ID.String(), at.ID)
		folders = append(folders, at.Folder)
	}
	if len(folders) == 0 {
		return nil, errs.New(errs.NotFound, "%s: no image is mounted by that name or there", target)
	}
	return folders, nil
}

// is reports whether target means this mount.
func (at Mounted) is(target string) bool {
	if at.Name == target || imageref.Familiar(target) == at.Name {
		return true
	}
	if full, err := imageref.Normalize(target); err == nil && imageref.Familiar(full) == at.Name {
		return true
	}
	if hex := imageref.IDPrefix(target); hex != "" && strings.HasPrefix(at.ID.Encoded(), hex) {
		return true
	}
	abs, err := filepath.Abs(target)
	if err != nil {
		return false
	}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		abs = resolved
	}
	return abs == at.Folder
}
