package volplugin

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/plugin"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/pkg/volume"
	"github.com/pouchcontainer/pouch/test/volplugindriver"
)

type rig struct {
	*testing.T
	p   *volplugindriver.Plugin
	m   *volume.Manager
	s   *store.Store
	ctx context.Context
}

func newRig(t *testing.T) *rig {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: volumes are mounted")
	}
	dir, err := os.MkdirTemp("", "vp-") // short: sockets
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, ctx: context.Background()}
	t.Cleanup(func() {
		if left, _ := mount.Below(dir); len(left) != 0 {
			t.Errorf("left mounted: %v", left)
			mount.UnmountBelow(dir)
		}
		os.RemoveAll(dir)
	})
	r.must(os.Mkdir(filepath.Join(dir, "plugins"), 0o700))
	t.Setenv(plugin.DirsEnv, filepath.Join(dir, "plugins"))
	r.p = volplugindriver.New(filepath.Join(dir, "data"))
	stop, err := r.p.Serve(filepath.Join(dir, "plugins", "folders.sock"))
	r.must(err)
	t.Cleanup(stop)
	r.s, err = store.Open(filepath.Join(dir, "r"), filepath.Join(dir, "u"))
	r.must(err)
	r.m = volume.OpenWith(r.s, func(ctx context.Context, name string) (volume.Driver, error) { return Open(ctx, name) })
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) wantKind(err error, k errs.Kind, words string) {
	r.Helper()
	if !errs.Is(err, k) || !strings.Contains(err.Error(), words) {
		r.Errorf("error %v has kind %s, want %s and %q", err, errs.KindOf(err), k, words)
	}
}

func (r *rig) create(name string, opts map[string]string) error {
	_, err := r.m.Create(r.ctx, volume.CreateOptions{Name: name, Driver: "folders", Options: opts})
	return err
}

func (r *rig) container(name string) *record.Container {
	c := &record.Container{ID: volume.RandomName(), Mounts: []record.Mount{{Type: "volume", Name: name, Destination: "/v"}}}
	r.must(r.s.CreateContainer(c, &record.State{Status: record.Running}))
	return c
}

func (r *rig) end(c *record.Container) {
	r.Helper()
	r.must(r.m.Release(r.ctx, c))
	r.must(r.s.RemoveRun(c.ID))
	r.must(r.s.RemoveContainer(c.ID))
}

func TestLife(t *testing.T) {
	r := newRig(t)
	r.p.Scope = "global"
	r.must(r.create("pv", map[string]string{"share": "nas"}))
	r.must(r.create("pv", map[string]string{"share": "nas"}))
	if got := r.p.Options("pv")["share"]; got != "nas" {
		t.Errorf("the plugin got %v", r.p.Options("pv"))
	}
	a, b := r.container("pv"), r.container("pv")
	r.must(r.m.Mount(r.ctx, a))
	r.must(r.m.Mount(r.ctx, b))
	r.must(os.WriteFile(filepath.Join(r.s.VolumeData("pv"), "f"), []byte("x"), 0o600))
	if _, err := os.Stat(filepath.Join(r.p.Dir, "pv", "f")); err != nil {
		t.Errorf("the plugin's folder is not what is mounted: %v", err)
	}
	info, err := r.m.Look(r.ctx, "pv")
	r.must(err)
	if info.Scope != "global" || info.Status["mounts"] != 1.0 || info.Driver != "folders" {
		t.Errorf("%+v", info)
	}
	r.end(a)
	if n := r.p.Mounted("pv"); n != 1 {
		t.Errorf("mounted %d times while one container is left", n)
	}
	r.end(b)
	if n := r.p.Mounted("pv"); n != 0 {
		t.Errorf("mounted %d times at the end", n)
	}
	r.must(r.m.Remove(r.ctx, "pv", false))
	if r.p.Options("pv") != nil {
		t.Error("the plugin has the volume still")
	}
}

// A volume that the plugin has already is used, as docker does.
func TestExisting(t *testing.T) {
	r := newRig(t)
	d, err := Open(r.ctx, "folders")
	r.must(err)
	r.must(d.Create(r.ctx, &record.Volume{Name: "pv", Foreign: &record.Foreign{}}, func() error { return nil }))
	r.must(r.create("pv", nil))
	if n := count(r.p.Calls(), "VolumeDriver.Create"); n != 1 {
		t.Errorf("made %d times", n)
	}
	list, err := d.List(r.ctx)
	if err != nil || !slices.Equal(list, []string{"pv"}) {
		t.Errorf("%v, %v", list, err)
	}
}

func count(calls []string, name string) (n int) {
	for _, c := range calls {
		if c == name {
			n++
		}
	}
	return n
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	_, err := r.m.Create(r.ctx, volume.CreateOptions{Name: "pv", Driver: "none"})
	r.wantKind(err, errs.NotFound, `no volume driver "none"`)
	_, err = r.m.Create(r.ctx, volume.CreateOptions{Name: "pv", Driver: "../x"})
	r.wantKind(err, errs.Invalid, "docker's daemon")
	r.p.Set("VolumeDriver.Create", volplugindriver.Fault{Err: "no such option"})
	r.wantKind(r.create("pv", nil), errs.Internal, "no such option")
	if _, err := r.s.Volume("pv"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a refused volume has a record: %v", err)
	}
	r.must(r.create("pv", nil))
	for _, path := range []string{"", "rel", "/", "/a/../.."} {
		if path == "" {
			path = "."
		}
		c := r.container("pv")
		r.p.Set("VolumeDriver.Mount", volplugindriver.Fault{Path: path})
		r.wantKind(r.m.Mount(r.ctx, c), errs.Corrupt, "absolute path")
		r.end(c)
	}
	if n := r.p.Mounted("pv"); n != 0 {
		t.Errorf("mounted %d times", n)
	}
	r.must(r.m.Remove(r.ctx, "pv", false))
}

// Whatever a call that was never answered has done, the same again gives one
// volume, mounted once.
func TestUnanswered(t *testing.T) {
	for _, after := range []bool{false, true} {
		r := newRig(t)
		cut := func(call string) { r.p.Set(call, volplugindriver.Fault{After: after, Err: "cut off"}) }
		cut("VolumeDriver.Create")
		if err := r.create("pv", nil); err == nil {
			t.Error("create: no error")
		}
		r.must(r.create("pv", nil))
		c := r.container("pv")
		cut("VolumeDriver.Mount")
		if err := r.m.Mount(r.ctx, c); err == nil {
			t.Error("mount: no error")
		}
		r.must(r.m.Mount(r.ctx, c))
		if n := r.p.Mounted("pv"); n != 1 {
			t.Errorf("mounted %d times", n)
		}
		cut("VolumeDriver.Unmount")
		err := r.m.Release(r.ctx, c)
		if err == nil {
			t.Error("unmount: no error")
		}
		if left, _ := mount.Mounted(r.s.VolumeData("pv")); left {
			t.Error("bound after its unmount")
		}
		r.must(r.s.RemoveRun(c.ID))
		r.must(r.s.RemoveContainer(c.ID))
		r.must(r.m.Clean(r.ctx))
		cut("VolumeDriver.Remove")
		r.m.Remove(r.ctx, "pv", false) // after its effect it is none
		r.must(r.m.Remove(r.ctx, "pv", true))
		if r.p.Options("pv") != nil || r.p.Mounted("pv") != 0 {
			t.Error("the plugin has the volume still")
		}
	}
}
