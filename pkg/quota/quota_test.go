package quota

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
)

// A project of 10 MB refuses the 11th, df shows the limit, and who else writes to
// the filesystem is not limited.
func TestLimit(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		dir := mkdir(t, at, "limited")
		id, err := Choose(at, Volumes)
		must(t, err)
		must(t, Assign(context.Background(), dir, id))
		must(t, SetLimit(at, id, Limit{Bytes: 10 << 20}))
		must(t, SetLimit(at, id, Limit{Bytes: 10 << 20}))
		if n, err := fill(t, filepath.Join(dir, "a"), 11); n < 9 || n > 10 {
			t.Errorf("%d MiB were taken, then: %v", n, err)
		} else {
			wantExceeded(t, err)
		}
		if n := sizeOf(t, dir); n != 10<<20 {
			t.Errorf("df shows %d bytes", n)
		}
		if u := use(t, at, id); u.Bytes != 10<<20 || u.UsedBytes < 9<<20 || u.UsedBytes > 10<<20 || u.UsedInodes != 2 {
			t.Errorf("%+v", u)
		}
		if n, err := fill(t, filepath.Join(at, "free"), 12); n != 12 || err != nil {
			t.Errorf("outside %d MiB were taken, then: %v", n, err)
		}
		must(t, SetLimit(at, id, Limit{Bytes: 30 << 20}))
		if _, err := fill(t, filepath.Join(dir, "b"), 12); err != nil {
			t.Errorf("with a higher limit: %v", err)
		}
	})
}

func TestLimitOfInodes(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		dir := mkdir(t, at, "limited")
		id, err := Choose(at, Containers)
		must(t, err)
		must(t, Assign(context.Background(), dir, id))
		must(t, SetLimit(at, id, Limit{Inodes: 4})) // the folder is one
		for i := range 4 {
			_, err = fill(t, filepath.Join(dir, name(i)), 0)
			if i < 3 {
				must(t, err)
			}
		}
		wantExceeded(t, err)
	})
}

// What was cleared and emptied is free again; what has a limit or a file is not.
func TestFree(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		dir := mkdir(t, at, "d")
		const id = Volumes + 7
		if u := use(t, at, id); u != (Use{}) {
			t.Errorf("before: %+v", u)
		}
		must(t, SetLimit(at, id, Limit{Bytes: 1 << 20, Inodes: 5}))
		if u := use(t, at, id); u.Limit != (Limit{1 << 20, 5}) {
			t.Errorf("with a limit: %+v", u)
		}
		must(t, Assign(context.Background(), dir, id))
		must(t, Clear(at, id))
		must(t, Clear(at, id))
		if u := use(t, at, id); u.Limit != (Limit{}) || u.UsedInodes != 1 {
			t.Errorf("cleared, with a folder: %+v", u)
		}
		must(t, os.Remove(dir))
		end := time.Now().Add(5 * time.Minute)
		for use(t, at, id) != (Use{}) && time.Now().Before(end) { // xfs counts what goes a little later, and tells nobody
			time.Sleep(20 * time.Millisecond)
		}
		if u := use(t, at, id); u != (Use{}) {
			t.Errorf("after: %+v", u)
		}
		must(t, Clear(filepath.Join(at, "gone"), id))
	})
}

// A limit that is no whole number of KiB is rounded up, and one above 4 GiB fits.
func TestLimitUnits(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		const id = Volumes + 8
		for _, n := range []struct{ asked, least, most int64 }{{1, 1, 4096}, {4097, 4097, 8192}, {5 << 40, 5 << 40, 5 << 40}} {
			must(t, SetLimit(at, id, Limit{Bytes: n.asked}))
			if got := use(t, at, id).Bytes; got < n.least || got > n.most {
				t.Errorf("asked for %d, got %d", n.asked, got)
			}
		}
		must(t, Clear(at, id))
	})
}

func TestLikeAndOf(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		a, b, c := mkdir(t, at, "a"), mkdir(t, at, "b"), mkdir(t, at, "c")
		const id = Volumes + 9
		must(t, Assign(context.Background(), a, id))
		must(t, Like(a, b))
		must(t, Like(a, b))
		must(t, Like(c, c))
		for dir, want := range map[string]uint32{a: id, b: id, c: 0, mkdir(t, b, "sub"): id} {
			if got, err := Of(dir); got != want || err != nil {
				t.Errorf("%s belongs to %d, %v; want %d", dir, got, err, want)
			}
		}
		if _, err := Of(filepath.Join(at, "gone")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("of nothing: %v", err)
		}
		// What is renamed inside a project stays cheap: no EXDEV.
		must(t, os.Rename(b, filepath.Join(a, "b")))
	})
}

func TestBoundGivesBack(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	had := effective(t)
	want := errors.New("wanted")
	err := Bound(func() error {
		if effective(t)&(1<<unix.CAP_SYS_RESOURCE) != 0 {
			t.Error("CAP_SYS_RESOURCE is in force")
		}
		return want
	})
	if !errors.Is(err, want) || effective(t) != had {
		t.Errorf("after: %v, capabilities %x, before %x", err, effective(t), had)
	}
}

func effective(t *testing.T) uint32 {
	t.Helper()
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	must(t, unix.Capget(&h, &d[0]))
	return d[0].Effective
}
