package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

func open(t *testing.T) (*Manager, *store.Store) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir+"/r", dir+"/u")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, _ := mount.Below(dir); len(left) != 0 {
			t.Errorf("left mounted: %v", left)
			mount.UnmountBelow(dir)
		}
	})
	return Open(s), s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Errorf("error %v has kind %s, want %s", err, errs.KindOf(err), k)
	}
}

// container writes a record that mounts the volumes, in the state st.
func container(t *testing.T, s *store.Store, status record.Status, volumes ...string) *record.Container {
	t.Helper()
	me, err := proc.Self()
	must(t, err)
	c := &record.Container{ID: RandomName()}
	for i, v := range volumes {
		c.Mounts = append(c.Mounts, record.Mount{Type: "volume", Name: v, Destination: fmt.Sprintf("/v%d", i)})
	}
	must(t, s.CreateContainer(c, &record.State{Status: status, Owner: me}))
	return c
}

func clean(t *testing.T, m *Manager) {
	t.Helper()
	left, err := m.Leftovers(context.Background())
	if err != nil || len(left) != 0 {
		t.Errorf("leftovers: %v, %v", left, err)
	}
}

func TestCreate(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	v, err := m.Create(ctx, CreateOptions{Name: "v1", Labels: record.Labels{"a": "b"}})
	must(t, err)
	again, err := m.Create(ctx, CreateOptions{Name: "v1"})
	must(t, err)
	if !again.Created.Equal(v.Created) || again.Labels["a"] != "b" {
		t.Errorf("the second create gave %+v, the first %+v", again, v)
	}
	st, err := os.Stat(s.VolumeData("v1"))
	must(t, err)
	if st.Mode().Perm() != 0o755 {
		t.Errorf("_data has mode %v", st.Mode())
	}
	anon, err := m.Create(ctx, CreateOptions{})
	must(t, err)
	if len(anon.Name) != 64 || !anon.Anonymous {
		t.Errorf("a volume without a name: %+v", anon)
	}
	clean(t, m)
}

func TestCreateRefuses(t *testing.T) {
	m, _ := open(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "vv"})
	must(t, err)
	tmpfs := map[string]string{"type": "tmpfs", "device": "tmpfs"}
	for _, c := range []struct {
		o    CreateOptions
		want errs.Kind
	}{
		{CreateOptions{Name: ".."}, errs.Invalid},
		{CreateOptions{Name: "../x"}, errs.Invalid},
		{CreateOptions{Name: "a/b"}, errs.Invalid},
		{CreateOptions{Name: ".tmp-x"}, errs.Invalid},
		{CreateOptions{Name: "a\x00b"}, errs.Invalid},
		{CreateOptions{Name: "a\x1b[31m"}, errs.Invalid},
		{CreateOptions{Name: strings.Repeat("a", 300)}, errs.Invalid},
		{CreateOptions{Name: "vv", Options: tmpfs}, errs.Conflict},
		{CreateOptions{Name: "v2", Options: map[string]string{"speed": "1g"}}, errs.Invalid},
		{CreateOptions{Name: "v2", Options: map[string]string{"type": "nfs"}}, errs.Invalid},
	} {
		_, err := m.Create(ctx, c.o)
		wantKind(t, err, c.want)
	}
	if names, _ := m.s.VolumeNames(); len(names) != 1 {
		t.Errorf("volumes are now %v", names)
	}
	clean(t, m)
}

func TestCreateAtOnce(t *testing.T) {
	m, _ := open(t)
	var wg sync.WaitGroup
	got := make([]*record.Volume, 20)
	for i := range got {
		wg.Go(func() {
			v, err := m.Create(context.Background(), CreateOptions{Name: "same"})
			if err != nil {
				t.Error(err)
			}
			got[i] = v
		})
	}
	wg.Wait()
	for _, v := range got[1:] {
		if v != nil && !v.Created.Equal(got[0].Created) {
			t.Fatal("two commands made the volume")
		}
	}
	clean(t, m)
}

func TestRemove(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	wantKind(t, m.Remove(ctx, "nosuch", false), errs.NotFound)
	wantKind(t, m.Remove(ctx, "../x", false), errs.NotFound)
	must(t, m.Remove(ctx, "nosuch", true))
	_, err := m.Create(ctx, CreateOptions{Name: "v1"})
	must(t, err)
	c := container(t, s, record.Exited, "v1")
	err = m.Remove(ctx, "v1", false)
	wantKind(t, err, errs.InUse)
	if !strings.Contains(fmt.Sprint(err), c.ID) {
		t.Errorf("the error does not name the container: %v", err)
	}
	must(t, s.RemoveContainer(c.ID))
	must(t, m.Remove(ctx, "v1", false))
	if _, err := os.Lstat(s.VolumeDir("v1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	clean(t, m)
}

// run --rm has answered, its container is not removed yet.
func TestRemoveWaitsForOneThatIsGoing(t *testing.T) {
	m, s := open(t)
	_, err := m.Create(context.Background(), CreateOptions{Name: "v1"})
	must(t, err)
	c := container(t, s, record.Running, "v1")
	c.Policy.AutoRemove = true
	must(t, s.SetContainer(c))
	anon, err := m.Create(context.Background(), CreateOptions{})
	must(t, err)
	c.Mounts = append(c.Mounts, record.Mount{Type: "volume", Name: anon.Name, Anonymous: true, Destination: "/anon"})
	must(t, s.SetContainer(c))
	if vols, _, err := m.List(); err != nil || len(vols) != 1 || vols[0].Name != "v1" {
		t.Errorf("the list has the anonymous volume: %v, %v", vols, err)
	}
	gone := time.AfterFunc(50*time.Millisecond, func() { s.RemoveContainer(c.ID) })
	defer gone.Stop()
	must(t, m.Remove(context.Background(), "v1", false))
	if _, err := s.Container(c.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("the volume went before its container: %v", err)
	}
	clean(t, m)
}

func TestRemoveWithUnreadableContainer(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "v1"})
	must(t, err)
	c := container(t, s, record.Running)
	must(t, os.WriteFile(s.ContainerDir(c.ID)+"/config.json", []byte(`{"mounts":[{"na`), 0o600))
	wantKind(t, m.Remove(ctx, "v1", false), errs.InUse)
	if _, err := m.Inspect("v1"); err != nil {
		t.Error(err)
	}
}

func TestBrokenRecord(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	for _, n := range []string{"good", "torn", "none"} {
		_, err := m.Create(ctx, CreateOptions{Name: n})
		must(t, err)
		must(t, os.WriteFile(s.VolumeData(n)+"/precious", nil, 0o600))
	}
	must(t, os.WriteFile(s.VolumeDir("torn")+"/volume.json", []byte(`{"schema`), 0o600))
	must(t, os.Remove(s.VolumeDir("none")+"/volume.json"))
	vols, broken, err := m.List()
	if err != nil || len(vols) != 1 || len(broken) != 2 {
		t.Errorf("List: %v, %v, %v", vols, broken, err)
	}
	must(t, m.Clean(ctx))
	if _, err := os.Stat(s.VolumeData("none") + "/precious"); err != nil {
		t.Errorf("data without a record was thrown away: %v", err)
	}
	_, err = m.Create(ctx, CreateOptions{Name: "torn"})
	wantKind(t, err, errs.Corrupt)
	must(t, m.Remove(ctx, "torn", false))
	wantKind(t, m.Remove(ctx, "none", false), errs.NotFound)
	must(t, m.Remove(ctx, "none", true))
	clean(t, m)
}

func TestPrune(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	for _, n := range []string{"named", "used"} {
		_, err := m.Create(ctx, CreateOptions{Name: n})
		must(t, err)
	}
	anon, err := m.Create(ctx, CreateOptions{})
	must(t, err)
	must(t, os.WriteFile(s.VolumeData(anon.Name)+"/f", make([]byte, 100<<10), 0o600))
	container(t, s, record.Created, "used")
	got, bytes, err := m.Prune(ctx, false, nil)
	if err != nil || len(got) != 1 || got[0] != anon.Name || bytes < 100<<10 {
		t.Errorf("prune: %v, %d, %v", got, bytes, err)
	}
	got, _, err = m.Prune(ctx, true, nil)
	if err != nil || len(got) != 1 || got[0] != "named" {
		t.Errorf("prune --all: %v, %v", got, err)
	}
	clean(t, m)
}

func TestPlan(t *testing.T) {
	m, s := open(t)
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/file", nil, 0o600))
	c := &record.Container{Mounts: []record.Mount{
		{Type: "volume", Destination: "/a"},
		{Type: "volume", Name: "named", Destination: "/b"},
		{Type: "bind", Source: dir + "/file", Destination: "/c"},
		{Type: "bind", Source: dir + "/made", Destination: "/d", CreateSource: true},
		{Type: "tmpfs", Destination: "/e"},
	}}
	must(t, m.Plan(c))
	if a := c.Mounts[0]; len(a.Name) != 64 || !a.Anonymous || a.Source != s.VolumeData(a.Name) {
		t.Errorf("anonymous: %+v", a)
	}
	if b := c.Mounts[1]; b.Anonymous || b.Source != s.VolumeData("named") {
		t.Errorf("named: %+v", b)
	}
	if names, _ := s.VolumeNames(); len(names) != 0 {
		t.Errorf("Plan made %v", names)
	}
	for _, bad := range []record.Mount{
		{Type: "bind", Source: "/nosuchdir2", Destination: "/y"},
		{Type: "bind", Source: "relative", Destination: "/y"},
		{Type: "bind", Source: dir + "/file/x", Destination: "/y", CreateSource: true},
		{Type: "volume", Name: "../x", Destination: "/y"},
		{Type: "volume", Name: "vv", Destination: "y"},
		{Type: "volume", Name: "vv", Destination: "/"},
	} {
		wantKind(t, m.Plan(&record.Container{Mounts: []record.Mount{bad}}), errs.Invalid)
	}
	twice := &record.Container{Mounts: []record.Mount{{Type: "tmpfs", Destination: "/e"}, {Type: "tmpfs", Destination: "/x/../e/"}}}
	wantKind(t, m.Plan(twice), errs.Invalid)
}

func TestProvide(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	dir := t.TempDir()
	c := container(t, s, record.Creating, "named")
	c.Mounts = append(c.Mounts,
		record.Mount{Type: "bind", Source: dir + "/a/b", Destination: "/d", CreateSource: true},
		record.Mount{Type: "volume", Destination: "/anon"})
	must(t, m.Plan(c))
	must(t, s.SetContainer(c))
	for round := range 2 {
		warnings, err := m.Provide(ctx, c)
		must(t, err)
		if want := 1 - round; len(warnings) != want {
			t.Errorf("round %d: warnings %q", round, warnings)
		}
	}
	if st, err := os.Stat(dir + "/a/b"); err != nil || !st.IsDir() {
		t.Errorf("missing source of -v: %v", err)
	}
	anon := c.Mounts[2].Name
	v, err := s.Volume(anon)
	if err != nil || !v.Anonymous {
		t.Errorf("anonymous volume: %+v, %v", v, err)
	}
	must(t, m.RemoveAnonymous(ctx, c))
	must(t, m.RemoveAnonymous(ctx, c))
	if _, err := m.Inspect(anon); !errs.Is(err, errs.NotFound) {
		t.Errorf("anonymous volume after its container: %v", err)
	}
	if _, err := m.Inspect("named"); err != nil {
		t.Errorf("named volume after its container: %v", err)
	}
}

// Provide waits for a removal that did not yet see the container.
func TestProvideAgainstRemove(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	for range 50 {
		_, err := m.Create(ctx, CreateOptions{Name: "raced"})
		must(t, err)
		var wg sync.WaitGroup
		wg.Go(func() { m.Remove(ctx, "raced", true) })
		c := container(t, s, record.Creating, "raced")
		_, err = m.Provide(ctx, c)
		must(t, err)
		wg.Wait()
		if _, err := os.Stat(s.VolumeData("raced")); err != nil {
			t.Fatalf("a container uses a removed volume: %v", err)
		}
		must(t, s.RemoveContainer(c.ID))
	}
}

func TestDeviceIsMountedWhileUsed(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "t1", Options: map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=64k,mode=700,noexec"}})
	must(t, err)
	a, b := container(t, s, record.Creating, "t1"), container(t, s, record.Creating, "t1")
	for _, c := range []*record.Container{a, a, b} {
		must(t, m.Mount(ctx, c))
	}
	ms, err := mount.Below(s.VolumeData("t1"))
	if err != nil || len(ms) != 1 || ms[0].Type != "tmpfs" {
		t.Fatalf("mounted: %v, %v", ms, err)
	}
	must(t, os.WriteFile(s.VolumeData("t1")+"/f", nil, 0o600))
	wantKind(t, m.Remove(ctx, "t1", false), errs.InUse)
	must(t, m.Release(ctx, a))
	must(t, s.RemoveRun(a.ID))
	if on, _ := mount.Mounted(s.VolumeData("t1")); !on {
		t.Error("unmounted under a running container")
	}
	clean(t, m)
	must(t, s.RemoveRun(b.ID)) // b's end was never released
	if left, _ := m.Leftovers(ctx); len(left) != 1 || left[0].Kind != idle {
		t.Errorf("leftovers: %v", left)
	}
	must(t, m.Clean(ctx))
	if on, _ := mount.Mounted(s.VolumeData("t1")); on {
		t.Error("still mounted without a user")
	}
	clean(t, m)
}

// A supervisor has mounts of its own: what it unmounts must be gone everywhere.
func TestReleaseFromAnotherMountNamespace(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "t1", Options: map[string]string{"type": "tmpfs", "device": "tmpfs"}})
	must(t, err)
	c := container(t, s, record.Creating, "t1")
	must(t, m.Mount(ctx, c))
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		err := unix.Unshare(unix.CLONE_NEWNS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, "")
		}
		if err == nil {
			err = m.Release(ctx, c)
		}
		done <- err
	}()
	must(t, <-done)
	if on, err := mount.Mounted(s.VolumeData("t1")); on || err != nil {
		t.Errorf("still mounted here: %v, %v", on, err)
	}
	must(t, s.RemoveRun(c.ID))
	must(t, m.Mount(ctx, c))
	must(t, m.Release(ctx, c))
	must(t, s.RemoveRun(c.ID))
	clean(t, m)
}

func TestRemovingABindVolumeKeepsWhatItShows(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/precious", nil, 0o600))
	_, err := m.Create(ctx, CreateOptions{Name: "b1", Options: map[string]string{"type": "none", "device": dir, "o": "bind"}})
	must(t, err)
	c := container(t, s, record.Creating, "b1")
	must(t, m.Mount(ctx, c))
	if _, err := os.Stat(s.VolumeData("b1") + "/precious"); err != nil {
		t.Error(err)
	}
	must(t, s.RemoveContainer(c.ID))
	must(t, m.Remove(ctx, "b1", false))
	if _, err := os.Stat(dir + "/precious"); err != nil {
		t.Errorf("the content of the device was removed: %v", err)
	}
}

func TestDeviceThatCannotBeMounted(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	for name, o := range map[string]map[string]string{
		"b2": {"type": "none", "device": "/nosuchdir3", "o": "bind"},
		"b3": {"type": "nosuchfs", "device": "x"},
	} {
		_, err := m.Create(ctx, CreateOptions{Name: name, Options: o})
		must(t, err)
		err = m.Mount(ctx, container(t, s, record.Creating, name))
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "mount volume "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLeftovers(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	must(t, os.MkdirAll(s.VolumeStaging("half")+"/_data/x", 0o700))
	must(t, os.MkdirAll(s.VolumeDir("bare")+"/_data", 0o700))
	must(t, os.MkdirAll(s.VolumeStaging("held"), 0o700))
	l, err := s.Lock(ctx, "v", "held")
	must(t, err)
	left, err := m.Leftovers(ctx)
	if err != nil || len(left) != 2 {
		t.Errorf("leftovers: %v, %v", left, err)
	}
	l.Unlock()
	must(t, m.Clean(ctx))
	must(t, m.Clean(ctx))
	clean(t, m)
	for _, p := range []string{s.VolumeStaging("half"), s.VolumeDir("bare"), s.VolumeStaging("held")} {
		if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", p, err)
		}
	}
	if fsx.IsTemp("half") {
		t.Error("a volume's name counts as a temporary file")
	}
}

// Whoever asks for a volume whose folder has lost its record learns what helps, and the
// data stays.
func TestCreateOverAFolderWithoutRecord(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	if _, err := m.Create(ctx, CreateOptions{Name: "lost"}); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(s.VolumeData("lost"), "data")
	if err := errors.Join(os.WriteFile(data, nil, 0o600), os.Remove(filepath.Join(s.VolumeDir("lost"), "volume.json"))); err != nil {
		t.Fatal(err)
	}
	_, err := m.Create(ctx, CreateOptions{Name: "lost"})
	if !errs.Is(err, errs.Conflict) || strings.Count(fmt.Sprint(err), "pouch-vol rm -f lost") != 1 {
		t.Errorf("a volume over a folder without a record: %v", err)
	}
	if _, err := os.Stat(data); err != nil {
		t.Error(err)
	}
}
