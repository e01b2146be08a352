package csi

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/pkg/volume"
	"github.com/pouchcontainer/pouch/test/csidriver"
)

// What makes the test binary the driver, or a command that is killed.
const (
	driverEnv = "POUCH_TEST_CSI_DRIVER" // csidriver.Options as JSON
	victimEnv = "POUCH_TEST_CSI_VICTIM" // root, run-root, socket, verb
)

func TestMain(m *testing.M) {
	if o := os.Getenv(driverEnv); o != "" {
		beDriver(o)
	}
	if words := os.Getenv(victimEnv); words != "" {
		beVictim(strings.Fields(words))
	}
	os.Exit(m.Run())
}

func beDriver(text string) {
	var o csidriver.Options
	err := json.Unmarshal([]byte(text), &o)
	var d *csidriver.Driver
	if err == nil {
		d, err = csidriver.New(o)
	}
	if err == nil {
		_, err = d.Serve(socketOf(o.Dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func beVictim(w []string) {
	s, err := store.Open(w[0], w[1])
	if err == nil {
		err = do(context.Background(), manager(s), s, w[2], w[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// do is one of the four things that commands want.
func do(ctx context.Context, m *volume.Manager, s *store.Store, sock, verb string) error {
	switch verb {
	case "create":
		_, err := m.Create(ctx, volume.CreateOptions{Name: "cv", Driver: Prefix + sock, Options: map[string]string{"size": "16m", "timeout": "5m"}})
		return err
	case "mount":
		return m.Mount(ctx, user())
	case "unmount":
		err := m.Release(ctx, user())
		if err == nil {
			err = s.RemoveRun(user().ID)
		}
		return err
	}
	if err := s.RemoveContainer(user().ID); err != nil {
		return err
	}
	return m.Remove(ctx, "cv", false)
}

// user is a container that has the volume.
func user() *record.Container {
	return &record.Container{ID: strings.Repeat("ab", 32), Mounts: []record.Mount{{Type: "volume", Name: "cv", Destination: "/v"}}}
}

func manager(s *store.Store) *volume.Manager {
	return volume.OpenWith(s, func(ctx context.Context, name string) (volume.Driver, error) {
		return patient(ctx, strings.TrimPrefix(name, Prefix))
	})
}

// patient opens a driver that comes up, and answers, when a busy host lets it.
func patient(ctx context.Context, addr string) (*Client, error) {
	c, err := Open(ctx, addr)
	if err == nil {
		c.limits.reach, c.limits.look = 5*time.Minute, 5*time.Minute
	}
	return c, err
}

func socketOf(dir string) string { return filepath.Join(dir, "csi.sock") }

type rig struct {
	*testing.T
	dir string // the driver's
	m   *volume.Manager
	s   *store.Store
	ctx context.Context
}

// newRig starts a driver in this process.
func newRig(t *testing.T, o csidriver.Options) *rig {
	r := rigWithout(t)
	o.Dir = r.dir
	d, err := csidriver.New(o)
	r.must(err)
	stop, err := d.Serve(socketOf(r.dir))
	r.must(err)
	t.Cleanup(stop)
	return r
}

// rigWithout has no driver yet.
func rigWithout(t *testing.T) *rig {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: volumes are mounted")
	}
	dir, err := os.MkdirTemp("", "csi-") // short: sockets
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, dir: filepath.Join(dir, "d"), ctx: context.Background()}
	r.must(os.Mkdir(r.dir, 0o700))
	r.s, err = store.Open(filepath.Join(dir, "r"), filepath.Join(dir, "u"))
	r.must(err)
	r.m = manager(r.s)
	t.Cleanup(func() {
		if left, _ := mount.Below(dir); len(left) != 0 {
			t.Errorf("left mounted: %v", left)
			mount.UnmountBelow(dir)
		}
		r.noLoops()
		os.RemoveAll(dir)
	})
	return r
}

// noLoops waits until the driver's loop devices are gone: the kernel lets go of one when
// its last user is, who may be one that only looks, as udev does, or has a copy of the
// mounts.
func (r *rig) noLoops() {
	r.Helper()
	for end := time.Now().Add(10 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		out, _ := exec.Command("losetup", "-n", "-O", "NAME,BACK-FILE").Output()
		if !strings.Contains(string(out), r.dir) {
			return
		}
		if time.Now().After(end) {
			r.Fatalf("loop devices are left: %s", out)
		}
	}
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) wantKind(err error, k errs.Kind, words string) {
	r.Helper()
	if !errs.Is(err, k) || !strings.Contains(fmt.Sprint(err), words) {
		r.Errorf("error %v has kind %s, want %s and %q", err, errs.KindOf(err), k, words)
	}
}

func (r *rig) driver() string { return Prefix + "unix://" + socketOf(r.dir) }

func (r *rig) create(name string, opts ...string) error {
	o := map[string]string{}
	for _, kv := range opts {
		k, v, _ := strings.Cut(kv, "=")
		o[k] = v
	}
	_, err := r.m.Create(r.ctx, volume.CreateOptions{Name: name, Driver: r.driver(), Options: o})
	return err
}

// container is a record of one that runs with the volumes.
func (r *rig) container(volumes ...string) *record.Container {
	c := &record.Container{ID: volume.RandomName()}
	for i, v := range volumes {
		c.Mounts = append(c.Mounts, record.Mount{Type: "volume", Name: v, Destination: fmt.Sprintf("/v%d", i)})
	}
	r.must(r.s.CreateContainer(c, &record.State{Status: record.Running}))
	return c
}

func (r *rig) end(c *record.Container) {
	r.Helper()
	r.must(r.m.Release(r.ctx, c))
	r.must(r.s.RemoveRun(c.ID))
	r.must(r.s.RemoveContainer(c.ID))
}

func (r *rig) data(name, file string) string { return filepath.Join(r.s.VolumeData(name), file) }

// mounts counts what is mounted at the volume's data and staging folder.
func (r *rig) mounts(name string) (data, staging int) {
	r.Helper()
	all, err := mount.Below(r.s.VolumeDir(name))
	r.must(err)
	for _, m := range all {
		switch filepath.Base(m.Target) {
		case "_data":
			data++
		case "staging":
			staging++
		}
	}
	return data, staging
}

// here fails unless the volume is on this host once.
func (r *rig) here(name string) {
	r.Helper()
	if d, s := r.mounts(name); d != 1 || s != 1 || len(csidriver.Attached(r.dir)) != 1 {
		r.Errorf("mounted %d times, staged %d times, attached: %v", d, s, csidriver.Attached(r.dir))
	}
}

// away fails unless nothing of the volume is on this host.
func (r *rig) away(name string) {
	r.Helper()
	if d, s := r.mounts(name); d != 0 || s != 0 || len(csidriver.Attached(r.dir)) != 0 {
		r.Errorf("mounted %d times, staged %d times, attached: %v", d, s, csidriver.Attached(r.dir))
	}
}

func (r *rig) clean() {
	r.Helper()
	left, err := r.m.Leftovers(r.ctx)
	if err != nil || len(left) != 0 {
		r.Errorf("leftovers: %v, %v", left, err)
	}
}

// called counts calls that the driver got.
func (r *rig) called(name string) (n int) {
	for _, c := range csidriver.Calls(r.dir) {
		if c == name {
			n++
		}
	}
	return n
}

// awaitCall waits until the driver has got one more call of that name than before.
func (r *rig) awaitCall(name string, before int) {
	r.Helper()
	for end := time.Now().Add(5 * time.Minute); r.called(name) <= before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("the driver never got %s: %v", name, csidriver.Calls(r.dir))
		}
	}
}

func (r *rig) order(want ...string) {
	r.Helper()
	var got []string
	for _, c := range csidriver.Calls(r.dir) {
		switch c {
		case "GetPluginInfo", "Probe", "GetPluginCapabilities", "NodeGetCapabilities", "ControllerGetCapabilities", "NodeGetInfo":
		default:
			got = append(got, c)
		}
	}
	if !slices.Equal(got, want) {
		r.Errorf("the driver got %v, want %v", got, want)
	}
}
