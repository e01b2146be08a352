package mount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Options
	}{
		{"", Options{}},
		{"ro,nosuid,rw", Options{Flags: unix.MS_NOSUID}},
		{"rbind,ro,rslave", Options{Flags: unix.MS_BIND | unix.MS_REC | unix.MS_RDONLY, Propagation: unix.MS_SLAVE | unix.MS_REC}},
		{"noatime,relatime,size=1m,mode=1777", Options{Flags: unix.MS_RELATIME, Data: []string{"size=1m", "mode=1777"}}},
		{"defaults,nofail,_netdev,x-systemd.automount", Options{}},
		{"remount,index=off", Options{Flags: unix.MS_REMOUNT, Data: []string{"index=off"}}},
	} {
		got, err := Parse(strings.Split(c.in, ","))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", c.in, got, err, c.want)
		}
	}
	if _, err := Parse([]string{"loop"}); !errs.Is(err, errs.Unsupported) {
		t.Errorf("loop: %v", err)
	}
	if _, err := Parse([]string{"a\x00b"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("NUL: %v", err)
	}
}

// scratch is a tmpfs of the test's own, with nothing left on it at the end.
func scratch(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := (Mount{Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=755"}}).At(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := UnmountBelow(dir); err != nil {
			t.Error(err)
		}
		if left, err := Below(dir); err != nil || len(left) != 0 {
			t.Errorf("left mounted: %v, %v", left, err)
		}
	})
	return dir
}

func mkdirs(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.MkdirAll(filepath.Join(dir, n), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBindReadOnly(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "src", "dst")
	write(t, dir+"/src/f", "x")
	if err := All([]Mount{{Type: "bind", Source: dir + "/src", Options: []string{"rbind", "ro", "nosuid"}}}, dir+"/dst"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/dst/f", nil, 0o644); !errors.Is(err, unix.EROFS) {
		t.Errorf("write through a read-only bind: %v", err)
	}
	write(t, dir+"/src/f", "y")
	if got, _ := os.ReadFile(dir + "/dst/f"); string(got) != "y" {
		t.Errorf("bind shows %q", got)
	}
	ms, err := Below(dir + "/dst")
	if err != nil || len(ms) != 1 || !strings.Contains(strings.Join(ms[0].Options, ","), "nosuid") {
		t.Errorf("Below: %v, %v", ms, err)
	}
}

func TestAllUndoesWhatItMade(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "t")
	err := All([]Mount{
		{Type: "tmpfs", Source: "a"},
		{Type: "tmpfs", Source: "b"},
		{Type: "nosuchfs", Source: "c"},
	}, dir+"/t")
	if !errs.Is(err, errs.Unsupported) {
		t.Errorf("unknown filesystem: %v (kind %s)", err, errs.KindOf(err))
	}
	if ms, _ := Below(dir + "/t"); len(ms) != 0 {
		t.Errorf("left mounted: %v", ms)
	}
}

func TestUnmountAllIsIdempotent(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "t")
	for range 3 {
		if err := (Mount{Type: "tmpfs", Source: "x"}).At(dir + "/t"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := UnmountAll(dir + "/t"); err != nil {
			t.Fatal(err)
		}
		if on, err := Mounted(dir + "/t"); on || err != nil {
			t.Errorf("Mounted = %v, %v", on, err)
		}
	}
	if err := UnmountAll(dir + "/missing"); err != nil {
		t.Error(err)
	}
	if err := os.Symlink(dir, dir+"/link"); err != nil {
		t.Fatal(err)
	}
	if err := UnmountAll(dir + "/link"); err != nil {
		t.Error(err)
	}
	if on, _ := Mounted(dir); !on {
		t.Error("UnmountAll went through a symbolic link")
	}
}

func TestUnmountBelowTakesTheDeepestFirst(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "a", "ab")
	for _, p := range []string{"a", "a/b", "a/b/c", "ab"} {
		mkdirs(t, dir, p)
		if err := (Mount{Type: "tmpfs", Source: "x"}).At(dir + "/" + p); err != nil {
			t.Fatal(err)
		}
	}
	ms, err := Below(dir + "/a")
	if err != nil || len(ms) != 3 || ms[0].Target != dir+"/a/b/c" {
		t.Fatalf("Below: %v, %v", ms, err)
	}
	if err := UnmountBelow(dir + "/a"); err != nil {
		t.Fatal(err)
	}
	if on, _ := Mounted(dir + "/ab"); !on {
		t.Error("a neighbour with the same beginning was unmounted")
	}
}

func TestOverlayWithMoreLayersThanAPageHolds(t *testing.T) {
	dir := scratch(t)
	long := strings.Repeat("very-long-folder-name-", 4)
	mkdirs(t, dir, "upper", "work", "merged")
	var lower []string
	for i := range 100 {
		p := filepath.Join(long, fmt.Sprint(i), "fs")
		mkdirs(t, dir, p)
		lower = append(lower, filepath.Join(dir, p))
	}
	write(t, lower[99]+"/deepest", "d")
	m := Mount{Type: "overlay", Source: "overlay", Options: []string{
		"index=off", "lowerdir=" + strings.Join(lower, ":"), "upperdir=" + dir + "/upper", "workdir=" + dir + "/work",
	}}
	if n := len(strings.Join(m.Options, ",")); n < os.Getpagesize() {
		t.Fatalf("only %d bytes of options", n)
	}
	before, _ := os.Getwd()
	if err := m.At(dir + "/merged"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(dir + "/merged/deepest"); err != nil || string(got) != "d" {
		t.Errorf("the lowest layer shows %q, %v", got, err)
	}
	if after, _ := os.Getwd(); after != before {
		t.Errorf("the working folder became %s", after)
	}
}
