package volume

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// fakeDriver keeps volumes in folders, notes what it is asked for, and fails
// once where fail says.
type fakeDriver struct {
	dir   string
	asked []string
	fail  string
	err   error
}

func (d *fakeDriver) step(name string) error {
	d.asked = append(d.asked, name)
	if d.fail == name {
		d.fail = ""
		return d.err
	}
	return nil
}

func (d *fakeDriver) Create(_ context.Context, v *record.Volume, save func() error) error {
	if err := d.step("refuse"); err != nil {
		return err
	}
	v.Foreign.Asked = true
	if err := save(); err != nil {
		return err
	}
	if err := d.step("create"); err != nil {
		return err
	}
	v.Foreign.Handle, v.Foreign.Made = filepath.Join(d.dir, v.Foreign.ID), true
	return errors.Join(os.MkdirAll(v.Foreign.Handle, 0o755), save())
}

func (d *fakeDriver) Remove(_ context.Context, v *record.Volume, _ func() error) error {
	if err := d.step("remove"); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(d.dir, v.Foreign.ID))
}

func (d *fakeDriver) Mount(_ context.Context, v *record.Volume, at string, save func() error) error {
	v.Foreign.Published = true
	if err := errors.Join(save(), d.step("mount")); err != nil {
		return err
	}
	if on, err := mount.Mounted(at); on || err != nil {
		return err
	}
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	return mount.Mount{Type: "none", Source: v.Foreign.Handle, Options: []string{"bind"}}.At(at)
}

func (d *fakeDriver) Unmount(_ context.Context, v *record.Volume, at string, save func() error) error {
	if err := d.step("unmount"); err != nil {
		return err
	}
	v.Foreign.Published = false
	return errors.Join(mount.UnmountAll(at), save())
}

func (d *fakeDriver) Status(context.Context, *record.Volume, string) (map[string]any, error) {
	return map[string]any{"asked": len(d.asked)}, d.step("status")
}

func openFake(t *testing.T) (*Manager, *store.Store, *fakeDriver) {
	t.Helper()
	_, s := open(t)
	d := &fakeDriver{dir: t.TempDir()}
	m := OpenWith(s, func(_ context.Context, name string) (Driver, error) {
		if name != "fake" {
			return nil, errs.New(errs.NotFound, "no volume driver %q", name)
		}
		return d, nil
	})
	return m, s, d
}

func (d *fakeDriver) volumes(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir(d.dir)
	must(t, err)
	return len(list)
}

func TestForeignLife(t *testing.T) {
	m, s, d := openFake(t)
	ctx := context.Background()
	o := CreateOptions{Name: "fv", Driver: "fake", Options: map[string]string{"a": "b"}}
	_, err := m.Create(ctx, o)
	must(t, err)
	_, err = m.Create(ctx, o) // again
	must(t, err)
	_, err = m.Create(ctx, CreateOptions{Name: "fv"})
	wantKind(t, err, errs.Conflict)
	c := container(t, s, record.Running, "fv")
	other := container(t, s, record.Running, "fv")
	must(t, m.Mount(ctx, c))
	must(t, m.Mount(ctx, other))
	must(t, os.WriteFile(s.VolumeData("fv")+"/f", []byte("x"), 0o600))
	must(t, m.Release(ctx, c))
	if on, _ := mount.Mounted(s.VolumeData("fv")); !on {
		t.Error("unmounted while another container runs with it")
	}
	must(t, s.RemoveRun(c.ID))
	must(t, m.Release(ctx, other))
	must(t, s.RemoveRun(other.ID))
	if on, _ := mount.Mounted(s.VolumeData("fv")); on {
		t.Error("mounted after the last user")
	}
	wantKind(t, m.Remove(ctx, "fv", false), errs.InUse)
	must(t, s.RemoveContainer(c.ID))
	must(t, s.RemoveContainer(other.ID))
	clean(t, m)
	must(t, m.Remove(ctx, "fv", false))
	want := []string{"refuse", "create", "mount", "unmount", "remove"}
	if !slices.Equal(d.asked, want) || d.volumes(t) != 0 {
		t.Errorf("the driver was asked for %v, %d volumes are left", d.asked, d.volumes(t))
	}
}

func TestForeignRefused(t *testing.T) {
	m, s, d := openFake(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "fv", Driver: "none"})
	wantKind(t, err, errs.NotFound)
	d.fail, d.err = "refuse", errs.New(errs.Invalid, "no such option")
	_, err = m.Create(ctx, CreateOptions{Name: "fv", Driver: "fake"})
	wantKind(t, err, errs.Invalid)
	if _, err := s.Volume("fv"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a refused volume has a record: %v", err)
	}
	clean(t, m)
}

// What a driver has left open is a leftover, which the same command completes
// and gc removes.
func TestForeignHalfMade(t *testing.T) {
	m, _, d := openFake(t)
	ctx := context.Background()
	o := CreateOptions{Name: "fv", Driver: "fake"}
	d.fail, d.err = "create", errs.New(errs.Unavailable, "hung")
	_, err := m.Create(ctx, o)
	wantKind(t, err, errs.Unavailable)
	left, err := m.Leftovers(ctx)
	must(t, err)
	if len(left) != 1 || left[0].Kind != foreign {
		t.Errorf("leftovers: %v", left)
	}
	_, err = m.Create(ctx, o)
	must(t, err)
	clean(t, m)
	d.fail = "remove"
	wantKind(t, m.Remove(ctx, "fv", false), errs.Unavailable)
	if left, _ := m.Leftovers(ctx); len(left) != 1 {
		t.Errorf("leftovers of a half removed one: %v", left)
	}
	d.fail = "remove"
	if err := m.Clean(ctx); err == nil || !strings.Contains(err.Error(), "hung") {
		t.Errorf("what still fails is not told: %v", err)
	}
	must(t, m.Clean(ctx))
	if _, err := m.Inspect("fv"); !errs.Is(err, errs.NotFound) || d.volumes(t) != 0 {
		t.Errorf("%v, %d volumes left", err, d.volumes(t))
	}
	clean(t, m)
}

// A driver that cannot unmount is asked again by gc; rm -f forgets one that is gone.
func TestForeignUnmountFails(t *testing.T) {
	m, s, d := openFake(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "fv", Driver: "fake"})
	must(t, err)
	c := container(t, s, record.Running, "fv")
	must(t, m.Mount(ctx, c))
	d.fail, d.err = "unmount", errs.New(errs.Unavailable, "not there")
	if err := m.Release(ctx, c); err == nil {
		t.Error("the failure is not told")
	}
	must(t, s.RemoveRun(c.ID))
	must(t, s.RemoveContainer(c.ID))
	left, err := m.Leftovers(ctx)
	must(t, err)
	if len(left) != 1 || left[0].Kind != idle {
		t.Errorf("leftovers: %v", left)
	}
	must(t, m.Clean(ctx))
	clean(t, m)
	c = container(t, s, record.Running, "fv")
	must(t, m.Mount(ctx, c))
	must(t, s.RemoveRun(c.ID))
	must(t, s.RemoveContainer(c.ID))
	d.fail = "unmount"
	wantKind(t, m.Remove(ctx, "fv", false), errs.Unavailable)
	d.fail = "unmount"
	must(t, m.Remove(ctx, "fv", true))
	if d.volumes(t) != 1 {
		t.Error("what the driver keeps went, though it was not there")
	}
}

// After a reboot the record says mounted and nothing is.
func TestForeignAfterReboot(t *testing.T) {
	m, s, d := openFake(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "fv", Driver: "fake"})
	must(t, err)
	c := container(t, s, record.Running, "fv")
	must(t, m.Mount(ctx, c))
	v, err := s.Volume("fv")
	must(t, err)
	v.Foreign.Ready = "another boot"
	must(t, s.SetVolume(v))
	must(t, mount.UnmountAll(s.VolumeData("fv")))
	must(t, m.Mount(ctx, c))
	must(t, mount.UnmountAll(s.VolumeData("fv"))) // by hand
	must(t, m.Mount(ctx, c))
	if on, _ := mount.Mounted(s.VolumeData("fv")); !on {
		t.Error("not mounted again")
	}
	if n := len(d.asked); n != 5 {
		t.Errorf("asked for %v", d.asked)
	}
	must(t, m.Release(ctx, c))
}
