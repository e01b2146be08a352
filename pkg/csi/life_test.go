package csi

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/sys/capability"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/volume"
	"github.com/pouchcontainer/pouch/test/csidriver"
)

// All steps of a volume's life, each once, in the interface's order.
func TestLife(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("cv", "size=32m"))
	r.must(r.create("cv", "size=32m"))
	a, b := r.container("cv"), r.container("cv")
	r.must(r.m.Mount(r.ctx, a))
	r.must(r.m.Mount(r.ctx, b))
	r.here("cv")
	r.must(os.WriteFile(r.data("cv", "f"), []byte("kept"), 0o600))
	r.end(a)
	r.here("cv")
	r.end(b)
	r.away("cv")
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	if got, err := os.ReadFile(r.data("cv", "f")); err != nil || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
	info, err := r.m.Look(r.ctx, "cv")
	r.must(err)
	st := info.Status
	if st["state"] != "published" || st["driver"] != csidriver.Name || st["capacity"] != int64(32<<20) || st["bytes"].(*Usage).Used != 4 {
		t.Errorf("status: %v", st)
	}
	use, err := r.m.Du(r.ctx, "cv", nil)
	if err != nil || use.Size != 4 {
		t.Errorf("du: %+v, %v", use, err)
	}
	r.end(c)
	r.clean()
	r.must(r.m.Remove(r.ctx, "cv", false))
	if v := csidriver.Volumes(r.dir); len(v) != 0 {
		t.Errorf("volumes are left: %v", v)
	}
	bring := []string{"ControllerPublishVolume", "NodeStageVolume", "NodePublishVolume"}
	take := []string{"NodeUnpublishVolume", "NodeUnstageVolume", "ControllerUnpublishVolume"}
	var want []string
	for _, part := range [][]string{{"CreateVolume"}, bring, take, bring, {"NodeGetVolumeStats", "NodeGetVolumeStats"}, take, {"DeleteVolume"}} {
		want = append(want, part...)
	}
	r.order(want...)
}

// A driver with a node service alone: volumes are given to Pouch, and stay.
func TestGiven(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("made"))
	v, err := r.s.Volume("made")
	r.must(err)
	bare := &rig{T: t, dir: r.dir, m: r.m, s: r.s, ctx: r.ctx}
	r.wantKind(r.create("no", "handle=nothing"), errs.NotFound, "no volume nothing")
	r.must(bare.create("cv", "handle="+v.Foreign.Handle))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	r.here("cv")
	r.end(c)
	r.must(r.m.Remove(r.ctx, "cv", false))
	if len(csidriver.Volumes(r.dir)) != 1 {
		t.Error("a volume that was given is gone")
	}
	r.must(r.m.Remove(r.ctx, "made", false))
}

func TestBareDriver(t *testing.T) {
	r := newRig(t, csidriver.Options{Bare: true})
	r.wantKind(r.create("cv"), errs.Unsupported, "handle=ID")
	if _, err := r.s.Volume("cv"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a refused volume has a record: %v", err)
	}
	r.must(os.MkdirAll(filepath.Join(r.dir, "volumes", "v1", "data"), 0o755))
	r.must(os.WriteFile(filepath.Join(r.dir, "volumes", "v1", "meta.json"), []byte(`{"ID":"v1"}`), 0o600))
	r.must(r.create("cv", "handle=v1"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	if d, s := r.mounts("cv"); d != 1 || s != 0 {
		t.Errorf("mounted %d times, staged %d times", d, s)
	}
	r.end(c)
	r.order("NodePublishVolume", "NodeUnpublishVolume")
}

// A file system on a loop device grows while it is in use.
func TestLoopGrows(t *testing.T) {
	if on, err := capability.GetBound(capability.CAP_SYS_RESOURCE); err != nil || !on {
		t.Skip("the kernel lets nobody without CAP_SYS_RESOURCE resize a mounted ext4")
	}
	r := newRig(t, csidriver.Options{Topology: true})
	r.must(r.create("cv", "size=16m", "param.kind=loop", "fstype=ext4"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	size := func() uint64 {
		var st unix.Statfs_t
		r.must(unix.Statfs(r.s.VolumeData("cv"), &st))
		return st.Blocks * uint64(st.Bsize)
	}
	small := size()
	_, err := r.m.Resize(r.ctx, "cv", 48<<20)
	r.must(err)
	if now := size(); now < 40<<20 || small > 16<<20 {
		t.Errorf("%d bytes before, %d after", small, now)
	}
	_, err = r.m.Resize(r.ctx, "cv", 8<<20)
	r.wantKind(err, errs.Invalid, "smaller")
	r.end(c)
	r.noLoops()
	_, err = r.m.Resize(r.ctx, "cv", 64<<20) // its file system follows later
	r.must(err)
	c = r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	if now := size(); now < 56<<20 {
		t.Errorf("the file system did not follow: %d bytes", now)
	}
	r.end(c)
	r.must(r.m.Remove(r.ctx, "cv", false))
}

func TestResizeOffline(t *testing.T) {
	r := newRig(t, csidriver.Options{Offline: true})
	r.must(r.create("cv"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	_, err := r.m.Resize(r.ctx, "cv", 1<<30)
	r.wantKind(err, errs.InUse, "stop its containers")
	r.end(c)
	_, err = r.m.Resize(r.ctx, "cv", 1<<30)
	r.must(err)
	r.must(r.m.Remove(r.ctx, "cv", false))
}

// A block volume is a device at its place.
func TestBlock(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("cv", "size=16m", "block=true"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	st, err := os.Stat(r.s.VolumeData("cv"))
	r.must(err)
	if st.Mode().Type() != os.ModeDevice {
		t.Errorf("mode %v", st.Mode())
	}
	r.must(os.WriteFile(r.s.VolumeData("cv"), []byte("on the device"), 0))
	r.must(r.m.Mount(r.ctx, c)) // again
	_, err = r.m.Resize(r.ctx, "cv", 24<<20)
	r.must(err)
	if n := deviceSize(r, r.s.VolumeData("cv")); n != 24<<20 {
		t.Errorf("the device has %d bytes", n)
	}
	r.end(c)
	image, err := os.ReadFile(filepath.Join(r.dir, "volumes", csidriver.Volumes(r.dir)[0], "image"))
	if err != nil || !strings.HasPrefix(string(image), "on the device") {
		t.Errorf("not in the image: %v", err)
	}
	r.must(r.m.Remove(r.ctx, "cv", false))
}

func deviceSize(r *rig, path string) int64 {
	f, err := os.Open(path)
	r.must(err)
	defer f.Close()
	n, err := f.Seek(0, io.SeekEnd)
	r.must(err)
	return n
}

func TestReadOnly(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("cv", "access=rox"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	if err := os.WriteFile(r.data("cv", "f"), nil, 0o600); err == nil {
		t.Error("a volume that all read can be written")
	}
	r.end(c)
	r.must(r.m.Remove(r.ctx, "cv", false))
}

func TestSnapshotsAndClones(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("cv"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	r.must(os.WriteFile(r.data("cv", "f"), []byte("before"), 0o600))
	s, err := r.m.Snapshot(r.ctx, "cv", "snap", nil)
	r.must(err)
	again, err := r.m.Snapshot(r.ctx, "cv", "snap", nil)
	r.must(err)
	if s.Handle != again.Handle || !s.Ready {
		t.Errorf("%+v, %+v", s, again)
	}
	r.must(os.WriteFile(r.data("cv", "f"), []byte("after"), 0o600))
	r.must(r.create("old", "snapshot=snap"))
	r.must(r.create("new", "clone=cv"))
	r.wantKind(r.create("no", "snapshot=none"), errs.NotFound, "no such snapshot: none")
	r.wantKind(r.create("no", "clone=none"), errs.NotFound, "no such volume")
	both := r.container("old", "new")
	r.must(r.m.Mount(r.ctx, both))
	for name, want := range map[string]string{"old": "before", "new": "after"} {
		if got, err := os.ReadFile(r.data(name, "f")); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	r.end(both)
	r.end(c)
	_, err = r.m.Snapshot(r.ctx, "old", "snap", nil)
	r.wantKind(err, errs.Conflict, "volume cv")
	r.must(r.m.RemoveSnapshot(r.ctx, "snap", false))
	r.wantKind(r.m.RemoveSnapshot(r.ctx, "snap", false), errs.NotFound, "snap")
	if left := csidriver.Snapshots(r.dir); len(left) != 0 {
		t.Errorf("snapshots are left: %v", left)
	}
	for _, n := range []string{"cv", "old", "new"} {
		r.must(r.m.Remove(r.ctx, n, false))
	}
}

// A snapshot whose making was never answered is the same one when asked for
// again, and goes when it is removed.
func TestSnapshotHalfMade(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("cv"))
	fail := csidriver.Fault{Call: "CreateSnapshot", After: true, Code: codes.Internal, Times: 1}
	for _, finish := range []bool{true, false} {
		r.must(csidriver.Set(r.dir, fail))
		_, err := r.m.Snapshot(r.ctx, "cv", "snap", nil)
		r.wantKind(err, errs.Internal, "run the same again")
		if finish {
			_, err = r.m.Snapshot(r.ctx, "cv", "snap", nil)
			r.must(err)
		}
		if got := csidriver.Snapshots(r.dir); len(got) != 1 {
			t.Errorf("snapshots: %v", got)
		}
		r.must(r.m.Clean(r.ctx)) // gc removes only what is half made
		if got := csidriver.Snapshots(r.dir); finish != (len(got) == 1) {
			t.Errorf("snapshots after gc: %v", got)
		}
		r.must(r.m.RemoveSnapshot(r.ctx, "snap", true))
		if got := csidriver.Snapshots(r.dir); len(got) != 0 {
			t.Errorf("snapshots are left: %v", got)
		}
	}
	r.must(r.m.Remove(r.ctx, "cv", false))
}

func TestSecrets(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	file := filepath.Join(t.TempDir(), "secret")
	r.must(os.WriteFile(file, []byte("# a comment\nkey=s3cr3t\n"), 0o644))
	opts := []string{"param.needs-secret=s3cr3t", "secret=" + file}
	r.wantKind(r.create("cv", opts...), errs.Denied, "chmod 600")
	r.must(os.Chmod(file, 0o600))
	r.must(r.create("cv", opts...))
	r.must(r.m.Remove(r.ctx, "cv", false))
	r.must(os.WriteFile(file, []byte(`{"key":"wr0ng"}`), 0o600))
	err := r.create("cv", opts...)
	r.wantKind(err, errs.Denied, "the key is wrong")
	if strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("a secret is told: %v", err)
	}
	r.must(os.WriteFile(file, []byte("no secret at all s3cr3t"), 0o600))
	err = r.create("cv", opts...)
	r.wantKind(err, errs.Invalid, "line 1")
	if strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("a secret is told: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t, csidriver.Options{Total: 64 << 20})
	for opt, k := range map[string]errs.Kind{
		"size=1g": errs.Invalid, "size=x": errs.Invalid, "size=0": errs.Invalid, "fstype=zfs": errs.Invalid, "access=all": errs.Invalid,
		"device=/x": errs.Invalid, "block=maybe": errs.Invalid, "timeout=0s": errs.Invalid, "secret=/nowhere": errs.NotFound, "secret=rel": errs.Invalid, "context.a=b": errs.Invalid,
	} {
		err := r.create("cv", opt)
		if !errs.Is(err, k) {
			t.Errorf("%s: %v has kind %s, want %s", opt, err, errs.KindOf(err), k)
		}
		if _, err := r.s.Volume("cv"); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: a refused volume has a record: %v", opt, err)
		}
	}
	r.must(r.create("cv", "size=48m"))
	r.wantKind(r.create("full", "size=32m"), errs.Unavailable, "no room")
	c, err := patient(r.ctx, socketOf(r.dir))
	r.must(err)
	defer c.Close()
	room, err := c.Capacity(r.ctx, nil)
	if err != nil || room.Available != 16<<20 {
		t.Errorf("%+v, %v", room, err)
	}
	r.must(r.m.Remove(r.ctx, "cv", false))
	for _, addr := range []string{"", "rel/path", "tcp://h:1", "unix://rel"} {
		_, err := Open(r.ctx, addr)
		r.wantKind(err, errs.Invalid, "address")
	}
	t.Setenv(DirsEnv, r.dir)
	_, err = Open(r.ctx, "none")
	r.wantKind(err, errs.NotFound, r.dir)
	_, err = Open(r.ctx, "csi") // DIR/csi.sock
	r.must(err)
}

// What a driver does not do in time, does not want to do now, or dies of, is
// asked for again, with the same name.
func TestRetries(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	for _, f := range []csidriver.Fault{
		{Call: "CreateVolume", Code: codes.Aborted, Times: 2},
		{Call: "ControllerPublishVolume", Code: codes.Unavailable, Times: 2, After: true},
		{Call: "NodeStageVolume", Code: codes.DeadlineExceeded, Times: 1, After: true},
		{Call: "NodePublishVolume", Code: codes.Aborted, Times: 1, After: true},
		{Call: "NodeUnpublishVolume", Code: codes.Unavailable, Times: 1, After: true},
		{Call: "NodeUnstageVolume", Code: codes.Aborted, Times: 1},
		{Call: "DeleteVolume", Code: codes.Unavailable, Times: 1, After: true},
	} {
		r.must(csidriver.Set(r.dir, f))
	}
	r.must(r.create("cv"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	r.here("cv")
	r.end(c)
	r.away("cv")
	r.must(r.m.Remove(r.ctx, "cv", false))
	if n := r.called("CreateVolume"); n != 3 {
		t.Errorf("%d calls of CreateVolume", n)
	}
	if left := csidriver.Volumes(r.dir); len(left) != 0 {
		t.Errorf("volumes are left: %v", left)
	}
}

// A driver that never answers is not waited for for ever, and what it may have
// done is undone.
func TestHung(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	hang := csidriver.Fault{Call: "CreateVolume", After: true, Slow: time.Hour}
	r.must(csidriver.Set(r.dir, hang))
	r.hung(hang.Call, func() error { return r.create("cv", "timeout=100ms") }, "no answer in time")
	left, err := r.m.Leftovers(r.ctx)
	if err != nil || len(left) != 1 {
		t.Errorf("leftovers: %v, %v", left, err)
	}
	csidriver.Clear(r.dir, hang.Call)
	r.within("cv", "5m")
	r.must(r.m.Clean(r.ctx))
	r.clean()
	if left := csidriver.Volumes(r.dir); len(left) != 0 {
		t.Errorf("volumes are left: %v", left)
	}
	r.must(r.create("cv"))
	hang.Call = "NodeUnpublishVolume"
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	r.must(csidriver.Set(r.dir, hang))
	r.within("cv", "100ms")
	r.hung(hang.Call, func() error { return r.m.Release(r.ctx, c) }, hang.Call)
	csidriver.Clear(r.dir, hang.Call)
	r.within("cv", "5m")
	r.end(c)
	r.away("cv")
	r.must(r.m.Remove(r.ctx, "cv", false))
}

// hung does what ends without an answer until the driver has been asked for it, as on a
// busy host the time may pass before, and until the driver has done its part.
func (r *rig) hung(call string, do func() error, words string) {
	r.Helper()
	for done := false; !done; done = r.called(call) > 0 {
		r.wantKind(do(), errs.Unavailable, words)
	}
	for end := time.Now().Add(5 * time.Minute); r.called(csidriver.Done(call)) < r.called(call); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("the driver has not done %s: %v", call, csidriver.Calls(r.dir))
		}
	}
}

// within changes how long a volume's driver may take for an answer.
func (r *rig) within(name, timeout string) {
	r.Helper()
	v, err := r.s.Volume(name)
	r.must(err)
	if v.Options == nil {
		v.Options = map[string]string{}
	}
	v.Options["timeout"] = timeout
	r.must(r.s.SetVolume(v))
}

func TestNobodyAnswers(t *testing.T) {
	r := rigWithout(t)
	r.m = volume.OpenWith(r.s, func(ctx context.Context, name string) (volume.Driver, error) {
		return Open(ctx, strings.TrimPrefix(name, Prefix))
	})
	r.wantKind(r.create("cv"), errs.Unavailable, "csi.sock")
	r.clean()
	_, err := r.m.Inspect("cv")
	r.wantKind(err, errs.NotFound, "cv")
}

// Of commands that do the same at once all succeed, and there is one volume,
// mounted once.
func TestTogether(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	together := func(do func() error) {
		t.Helper()
		done := make(chan error)
		for range 8 {
			go func() { done <- do() }()
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	together(func() error { return r.create("cv", "size=16m") })
	if v := csidriver.Volumes(r.dir); len(v) != 1 || r.called("CreateVolume") != 1 {
		t.Errorf("volumes %v, asked for %d times", v, r.called("CreateVolume"))
	}
	c := r.container("cv")
	together(func() error { return r.m.Mount(r.ctx, c) })
	r.here("cv")
	together(func() error { return r.m.Release(r.ctx, c) })
	r.away("cv")
	r.end(c)
	together(func() error { return r.m.Remove(r.ctx, "cv", true) })
	r.gone()
}

// What is found in the driver's place is what it should be, and not elsewhere.
func TestHostileDriver(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	b := bringing{c: &Client{Name: "evil"}, o: &options{}, at: filepath.Join(t.TempDir(), "_data")}
	r.wantKind(b.look(), errs.Unavailable, "shared propagation")
	r.must(os.Symlink("/etc", b.at))
	r.wantKind(b.look(), errs.Corrupt, "evil")
	r.must(os.Remove(b.at))
	r.must(os.WriteFile(b.at, nil, 0o600))
	r.wantKind(b.look(), errs.Corrupt, "folder")
	b.o.block = true
	r.wantKind(b.look(), errs.Corrupt, "block device")
	r.wantKind(small("evil", map[string]string{"k": strings.Repeat("x", maxTold)}), errs.Corrupt, "evil")
}

// A driver may have its controller service at a socket of its own.
func TestSplitDriver(t *testing.T) {
	r := newRig(t, csidriver.Options{Bare: true})
	ctrl := t.TempDir() + "/ctrl.sock"
	d, err := csidriver.New(csidriver.Options{Dir: r.dir})
	r.must(err)
	stop, err := d.Serve(ctrl)
	r.must(err)
	defer stop()
	r.must(r.create("cv", "controller=unix://"+ctrl))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	if n, _ := r.mounts("cv"); n != 1 || len(csidriver.Attached(r.dir)) != 1 {
		t.Errorf("mounted %d times, attached: %v", n, csidriver.Attached(r.dir))
	}
	r.end(c)
	r.away("cv")
	r.must(r.m.Remove(r.ctx, "cv", false))
	r.gone()
}

// A topology is not looked at, and that is said.
func TestTopologyNote(t *testing.T) {
	r := newRig(t, csidriver.Options{Topology: true})
	c, err := patient(r.ctx, socketOf(r.dir))
	r.must(err)
	defer c.Close()
	var notes []string
	c.Note = func(text string) { notes = append(notes, text) }
	v := &record.Volume{Name: "cv", Foreign: &record.Foreign{ID: "1"}}
	r.must(c.Create(r.ctx, v, func() error { return nil }))
	r.must(c.Remove(r.ctx, v, func() error { return nil }))
	if len(notes) != 1 || !strings.Contains(notes[0], "topology") {
		t.Errorf("notes: %q", notes)
	}
	if caps := c.Capabilities(); !slices.Contains(caps, "VOLUME_ACCESSIBILITY_CONSTRAINTS") || !slices.Contains(caps, "NODE_STAGE_UNSTAGE_VOLUME") {
		t.Errorf("capabilities: %v", caps)
	}
}

// On a full disk a volume comes off the host all the same.
func TestNothingCanBeNoted(t *testing.T) {
	r := newRig(t, csidriver.Options{})
	r.must(r.create("cv"))
	c := r.container("cv")
	r.must(r.m.Mount(r.ctx, c))
	v, err := r.s.Volume("cv")
	r.must(err)
	d, err := patient(r.ctx, socketOf(r.dir))
	r.must(err)
	defer d.Close()
	full := func() error { return unix.ENOSPC }
	if err := d.Unmount(r.ctx, v, r.s.VolumeData("cv"), full); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("the full disk is not told: %v", err)
	}
	r.away("cv")
	r.end(c) // the record tells of more than there is
	r.clean()
	r.must(r.m.Remove(r.ctx, "cv", false))
	r.gone()
}
