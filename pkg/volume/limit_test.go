package volume

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

func TestLimitOptions(t *testing.T) {
	for _, c := range []struct {
		o    map[string]string
		want record.VolumeQuota
	}{
		{map[string]string{"size": "10m"}, record.VolumeQuota{Bytes: 10 << 20}},
		{map[string]string{"size": "1.5GiB", "inodes": "7"}, record.VolumeQuota{Bytes: 3 << 29, Inodes: 7}},
		{map[string]string{"inodes": "1"}, record.VolumeQuota{Inodes: 1}},
		{map[string]string{"o": "size=10M,inodes=5"}, record.VolumeQuota{Bytes: 10 << 20, Inodes: 5}},
	} {
		q, err := limitOf(c.o)
		if err != nil || q == nil || *q != c.want {
			t.Errorf("%v: %v, %v", c.o, q, err)
		}
		if err := checkOptions(c.o); err != nil {
			t.Errorf("%v: %v", c.o, err)
		}
	}
	for _, o := range []map[string]string{
		{"size": ""},
		{"size": "0"},
		{"size": "-1"},
		{"size": "much"},
		{"size": "99999999999g"},
		{"size": "10m\x00"},
		{"inodes": "0"},
		{"inodes": "x"},
		{"inodes": "-3"},
		{"inodes": "99999999999999999999"},
		{"o": "size=1m,noatime"},
		{"size": "1m", "o": "ro"},
		{"size": "1m", "type": "tmpfs", "device": "tmpfs"},
		{"inodes": "1", "type": "tmpfs", "device": "x"},
		{"size": "1m", "bogus": "1"},
	} {
		if err := checkOptions(o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%v: %v", o, err)
		}
	}
	if err := checkOptions(map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}); err != nil {
		t.Error(err)
	}
}

// Where the filesystem keeps no limits a volume with one is refused, and none is left.
func TestLimitUnsupported(t *testing.T) {
	quotatest.Apart(t)
	dir := t.TempDir()
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"))
	defer unix.Unmount(dir, unix.MNT_DETACH) // the namespace ends anyway
	s, err := store.Open(dir+"/r", dir+"/u")
	must(t, err)
	m := Open(s)
	_, err = m.Create(context.Background(), CreateOptions{Name: "lim", Options: map[string]string{"size": "1m"}})
	wantKind(t, err, errs.Unsupported)
	if err == nil || !strings.Contains(err.Error(), "tmpfs at "+dir) {
		t.Errorf("%v", err)
	}
	if names, _ := s.VolumeNames(); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
	clean(t, m)
}

// limited runs a test with the volumes on each filesystem that keeps limits. At its
// end there is no project left that has a limit or a file.
func limited(t *testing.T, test func(t *testing.T, m *Manager, s *store.Store)) {
	quotatest.Each(t, func(t *testing.T, at string) {
		s, err := store.Open(at+"/r", at+"/u")
		must(t, err)
		m := Open(s)
		test(t, m, s)
		must(t, m.Clean(context.Background()))
		clean(t, m)
	})
}

func createLimited(t *testing.T, m *Manager, name, size string) *record.Volume {
	t.Helper()
	v, err := m.Create(context.Background(), CreateOptions{Name: name, Options: map[string]string{"size": size}})
	must(t, err)
	return v
}

// put writes n MiB as one whom limits bind.
func put(path string, n int) error {
	return quota.Bound(func() error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for range n {
			if _, err := f.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
		return f.Sync()
	})
}

// free waits until the project is nobody's.
func free(t *testing.T, s *store.Store, id uint32) {
	t.Helper()
	waitUse(t, s, id, func(u quota.Use) bool { return u == quota.Use{} })
}

// waitUse waits until use is as it should be: xfs counts what goes a little later,
// and tells nobody.
func waitUse(t *testing.T, s *store.Store, id uint32, good func(quota.Use) bool) {
	t.Helper()
	var use quota.Use
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		use, err = quota.Read(s.Root, id)
		must(t, err)
		if good(use) {
			return
		}
	}
	t.Errorf("project %d: %+v", id, use)
}

func TestLimitedVolume(t *testing.T) {
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		v := createLimited(t, m, "lim", "10m")
		data := s.VolumeData("lim")
		must(t, put(data+"/a", 9))
		if err := put(data+"/b", 2); !quota.Exceeded(err) {
			t.Errorf("the 11th MiB: %v", err)
		}
		must(t, put(s.Volumes()+"/beside", 12))
		must(t, os.Remove(s.Volumes()+"/beside"))
		i, err := m.Inspect("lim")
		must(t, err)
		if used, ok := i.Status["Used"].(int64); !ok || used < 9<<20 || i.Status["Size"] != int64(10<<20) || !maps.Equal(i.Options, map[string]string{"size": "10m"}) {
			t.Errorf("%+v", i)
		}
		again := createLimited(t, m, "lim", "10m")
		if again.Quota.Project != v.Quota.Project {
			t.Error("the second create made another project")
		}
		_, err = m.Create(context.Background(), CreateOptions{Name: "lim", Options: map[string]string{"size": "11m"}})
		wantKind(t, err, errs.Conflict)
		_, err = m.Resize(context.Background(), "lim", 20<<20)
		must(t, err)
		must(t, put(data+"/b", 10))
		if err := put(data+"/c", 2); !quota.Exceeded(err) {
			t.Errorf("the 21st MiB: %v", err)
		}
		if i, err = m.Inspect("lim"); err != nil || i.Status["Size"] != int64(20<<20) || i.Options["size"] != "20971520" {
			t.Errorf("after resize: %+v, %v", i, err)
		}
		createLimited(t, m, "lim", "20971520")
		must(t, m.Remove(context.Background(), "lim", false))
		free(t, s, v.Quota.Project)
	})
}

// What an image has counts; when it is too much the error says so, the volume stays
// empty, and it is filled when there is room.
func TestLimitedFill(t *testing.T) {
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		root := filepath.Join(s.Root, "image")
		must(t, os.MkdirAll(root+"/data/sub", 0o755))
		must(t, put(root+"/data/sub/big", 3))
		must(t, os.Symlink("sub", root+"/data/link"))
		ctx := context.Background()
		v := createLimited(t, m, "small", "2m")
		err := Populate(ctx, s, "small", root, "/data")
		if err == nil || !strings.Contains(err.Error(), "its limit is 2MiB") {
			t.Errorf("%v", err)
		}
		if empty, err := isEmptyDir(s.VolumeData("small")); err != nil || !empty {
			t.Errorf("it is not empty: %v", err)
		}
		createLimited(t, m, "large", "4m")
		must(t, Populate(ctx, s, "large", root, "/data"))
		i, err := m.Inspect("large")
		must(t, err)
		if used, ok := i.Status["Used"].(int64); !ok || used < 3<<20 {
			t.Errorf("after the copy: %+v", i.Status)
		}
		if err := put(s.VolumeData("large")+"/more", 2); !quota.Exceeded(err) {
			t.Errorf("beyond the copy: %v", err)
		}
		if got, err := os.Readlink(s.VolumeData("large") + "/link"); got != "sub" {
			t.Errorf("link: %q, %v", got, err)
		}
		must(t, m.Remove(ctx, "small", false))
		free(t, s, v.Quota.Project)
	})
}

// A volume that came back from a backup has no project until a container uses it.
func TestLimitComesBack(t *testing.T) {
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		v := createLimited(t, m, "lim", "10m")
		must(t, os.MkdirAll(s.VolumeData("lim")+"/d", 0o755))
		kept, copied := s.VolumeDir("lim"), s.Root+"/copied"
		if out, err := exec.Command("cp", "-a", kept, copied).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		must(t, os.RemoveAll(kept))
		waitUse(t, s, v.Quota.Project, func(u quota.Use) bool { return u.UsedInodes == 0 })
		must(t, os.Rename(copied, kept))
		c := container(t, s, record.Created, "lim")
		for range 2 {
			_, err := m.Provide(context.Background(), c)
			must(t, err)
			if err := put(s.VolumeData("lim")+"/d/x", 11); !quota.Exceeded(err) {
				t.Errorf("the 11th MiB: %v", err)
			}
		}
		must(t, s.RemoveContainer(c.ID))
		must(t, m.Remove(context.Background(), "lim", false))
		free(t, s, v.Quota.Project)
	})
}

// A copy of a volume beside the first, as a copy of all of Pouch's state has it, gets a
// project of its own.
func TestLimitOfCopy(t *testing.T) {
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		v := createLimited(t, m, "lim", "10m")
		other, err := store.Open(filepath.Dir(s.Root)+"/r2", filepath.Dir(s.Root)+"/u2")
		must(t, err)
		if out, err := exec.Command("cp", "-a", s.VolumeDir("lim"), other.VolumeDir("lim")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		n := Open(other)
		c := container(t, other, record.Created, "lim")
		_, err = n.Provide(context.Background(), c)
		must(t, err)
		w, err := other.Volume("lim")
		must(t, err)
		if w.Quota.Project == v.Quota.Project || len(quotatest.Limited(t, s.Root)) != 2 {
			t.Errorf("projects %d and %d, limited: %v", v.Quota.Project, w.Quota.Project, quotatest.Limited(t, s.Root))
		}
		must(t, other.RemoveContainer(c.ID))
		must(t, n.Remove(context.Background(), "lim", false))
		if got := quotatest.Limited(t, s.Root); len(got) != 1 || got[0] != v.Quota.Project {
			t.Errorf("then limited: %v", got)
		}
	})
}

// A volume with a broken record gives its project back, too.
func TestLimitOfBrokenVolume(t *testing.T) {
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		v := createLimited(t, m, "lim", "10m")
		must(t, os.WriteFile(s.VolumeDir("lim")+"/volume.json", []byte("{"), 0o600))
		must(t, m.Remove(context.Background(), "lim", true))
		free(t, s, v.Quota.Project)
	})
}

const limitVictimEnv = "POUCH_TEST_LIMIT_VICTIM"

// TestLimitKilled kills a process that makes, fills and removes volumes with a
// limit, at any moment. Afterwards the volume is there with its limit or gone, and
// no project but its own has a limit.
func TestLimitKilled(t *testing.T) {
	if dir := os.Getenv(limitVictimEnv); dir != "" {
		limitVictim(dir)
		return
	}
	limited(t, func(t *testing.T, m *Manager, s *store.Store) {
		must(t, os.MkdirAll(s.Root+"/image/data/x", 0o755))
		for range 25 {
			killLimited(t, s)
			must(t, m.Clean(context.Background()))
			clean(t, m)
			own := map[uint32]bool{}
			if v, err := m.get("lv"); err == nil {
				own[v.Quota.Project] = true
				use, err := quota.Read(s.Root, v.Quota.Project)
				must(t, err)
				if use.Bytes != 1<<20 {
					t.Fatalf("the volume's limit is %+v", use)
				}
			}
			for _, id := range quotatest.Limited(t, s.Root) {
				if !own[id] {
					t.Fatalf("project %d has a limit and no volume", id)
				}
			}
		}
	})
}

func killLimited(t *testing.T, s *store.Store) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	c := exec.Command(self, "-test.run=^TestLimitKilled$")
	c.Env = append(os.Environ(), limitVictimEnv+"="+filepath.Dir(s.Root))
	ready, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Errorf("the victim did not begin: %v", err)
	}
	time.Sleep(time.Duration(rand.IntN(40_000)) * time.Microsecond)
	must(t, c.Process.Kill())
	if err := c.Wait(); err == nil {
		t.Error("the victim ended before it was killed")
	}
}

func limitVictim(dir string) {
	s, err := store.Open(dir+"/r", dir+"/u")
	m, ctx := Open(s), context.Background()
	fmt.Print("x")
	for err == nil {
		if _, err = m.Create(ctx, CreateOptions{Name: "lv", Options: map[string]string{"size": "1m"}}); err == nil {
			err = Populate(ctx, s, "lv", s.Root+"/image", "/data")
		}
		if err == nil {
			err = m.Remove(ctx, "lv", false)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(0)
}
