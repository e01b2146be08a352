// Package volplugin uses volumes of docker's volume plugins (docs.docker.com, "Docker
// volume plugins", VolumeDriver.*). The path that a plugin tells is bound at the
// volume's data, so containers, cp and inspect see it as any other volume.
package volplugin

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/plugin"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Driver is one plugin.
type Driver struct{ p *plugin.Plugin }

// Open returns the plugin called name. It fails with kind not_found when there
// is none, with unsupported when it keeps no volumes, and with unavailable when it does
// not answer.
func Open(ctx context.Context, name string) (*Driver, error) {
	p, err := plugin.Find(name)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "no volume driver %q: there are local, csi:unix:///path of a CSI driver, and docker's plugins: %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	return &Driver{p}, p.Require(ctx, plugin.VolumeDriver)
}

// told is a volume as a plugin tells it.
type told struct {
	Name       string
	Mountpoint string
	Status     map[string]any
}

// request is what every call but Create and Capabilities is asked with.
type request struct {
	Name string
	ID   string `json:",omitempty"` // of who mounts
}

// get asks whether the plugin has the volume. Plugins say no in words of their own.
func (d *Driver) get(ctx context.Context, name string) (*told, error) {
	var a struct{ Volume *told }
	err := d.p.Call(ctx, "VolumeDriver.Get", request{Name: name}, &a)
	if err == nil && (a.Volume == nil || a.Volume.Name != name) {
		return nil, errs.New(errs.NotFound, "plugin %s has no volume %s", d.p.Name, name)
	}
	return a.Volume, err
}

// Create has the plugin make v, unless it has a volume of that name already,
// which is then used, as docker does. After a refusal nothing was made.
// Idempotent.
func (d *Driver) Create(ctx context.Context, v *record.Volume, save func() error) error {
	f, before := v.Foreign, v.Foreign.Asked
	if v.Scope == "" {
		v.Scope = d.scope(ctx)
	}
	if _, err := d.get(ctx, v.Name); err != nil {
		f.Asked = true
		if err := save(); err != nil {
			f.Asked = before
			return err
		}
		opts := v.Options
		if opts == nil {
			opts = map[string]string{}
		}
		err := d.p.Call(ctx, "VolumeDriver.Create", struct {
			Name string
			Opts map[string]string
		}{v.Name, opts}, nil)
		if err != nil {
			f.Asked = before || errs.Is(err, errs.Unavailable)
			return err
		}
	}
	f.Asked, f.Made, f.Handle = true, true, v.Name
	return save()
}

// scope asks whether a volume's name means the same on all hosts.
func (d *Driver) scope(ctx context.Context) string {
	var a struct{ Capabilities struct{ Scope string } }
	if d.p.Call(ctx, "VolumeDriver.Capabilities", struct{}{}, &a) == nil && strings.EqualFold(a.Capabilities.Scope, "global") {
		return "global"
	}
	return "local"
}

// Remove has the plugin remove v; one that it does not have is fine. Idempotent.
func (d *Driver) Remove(ctx context.Context, v *record.Volume, _ func() error) error {
	err := d.p.Call(ctx, "VolumeDriver.Remove", request{Name: v.Name}, nil)
	if err == nil || errs.Is(err, errs.Unavailable) {
		return err
	}
	if _, gerr := d.get(ctx, v.Name); gerr != nil && !errs.Is(gerr, errs.Unavailable) {
		return nil // it was gone
	}
	return err
}

// Mount has the plugin mount v and binds the path that it tells at at. A plugin
// may count who mounts: what a killed command may have had mounted is
// unmounted first, with the same id.
func (d *Driver) Mount(ctx context.Context, v *record.Volume, at string, save func() error) error {
	f := v.Foreign
	if f.Published {
		if err := d.Unmount(ctx, v, at, save); errs.Is(err, errs.Unavailable) {
			return err
		}
	}
	f.Published = true
	if err := save(); err != nil {
		return err
	}
	var a told
	if err := d.p.Call(ctx, "VolumeDriver.Mount", request{v.Name, f.ID}, &a); err != nil {
		return err
	}
	if err := checkPath(d.p.Name, a.Mountpoint); err != nil {
		return err
	}
	return mount.Mount{Type: "none", Source: a.Mountpoint, Options: []string{"rbind"}}.At(at)
}

// checkPath refuses what is no path of a folder of this host.
func checkPath(plugin, path string) error {
	if !filepath.IsAbs(path) || strings.IndexByte(path, 0) >= 0 || filepath.Clean(path) == "/" {
		return errs.New(errs.Corrupt, "plugin %s: it has mounted the volume at %q: an absolute path below / expected", plugin, path)
	}
	return nil
}

// Unmount takes the bind away and has the plugin unmount v. A volume that the plugin
// does not have is fine, and so is its refusal when v may never have been
// mounted, or the second one: a plugin has no other way to say that it is done. Idempotent.
func (d *Driver) Unmount(ctx context.Context, v *record.Volume, at string, save func() error) error {
	if err := mount.UnmountAll(at); err != nil {
		return err
	}
	err := d.p.Call(ctx, "VolumeDriver.Unmount", request{v.Name, v.Foreign.ID}, nil)
	if err != nil {
		if errs.Is(err, errs.Unavailable) {
			return err
		}
		if _, gerr := d.get(ctx, v.Name); gerr == nil && v.Foreign.Mounted {
			v.Foreign.Mounted = false // it is asked once more, and then believed
			return errors.Join(err, save())
		}
		slog.Warn("a plugin does not unmount a volume", "volume", v.Name, "error", err)
	}
	v.Foreign.Published = false
	return save()
}

// Status is what the plugin tells of v.
func (d *Driver) Status(ctx context.Context, v *record.Volume, _ string) (map[string]any, error) {
	t, err := d.get(ctx, v.Name)
	if err != nil {
		return nil, err
	}
	return t.Status, nil
}

// List returns the names of the volumes that the plugin has.
func (d *Driver) List(ctx context.Context) ([]string, error) {
	var a struct{ Volumes []told }
	err := d.p.Call(ctx, "VolumeDriver.List", struct{}{}, &a)
	var out []string
	for _, t := range a.Volumes {
		out = append(out, t.Name)
	}
	return out, err
}
