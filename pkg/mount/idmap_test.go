package mount

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func owner(t *testing.T, path string) (uid, gid int) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return int(st.Uid), int(st.Gid)
}

func TestOwnersAreMapped(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "l0", "l1", "up", "wk", "over", "bind")
	write(t, dir+"/l0/a", "a")
	write(t, dir+"/l1/b", "b")
	if err := os.Chown(dir+"/l1/b", 7, 8); err != nil {
		t.Fatal(err)
	}
	maps := []string{"uidmap=0:70000:1000", "gidmap=0:80000:5,5:90005:100"}
	over := Mount{Type: "overlay", Source: "overlay", Options: append(maps, "lowerdir="+dir+"/l0:"+dir+"/l1", "upperdir="+dir+"/up", "workdir="+dir+"/wk")}
	bind := Mount{Source: dir + "/l1", Options: append(maps, "rbind", "ro")}
	for target, m := range map[string]Mount{dir + "/over": over, dir + "/bind": bind} {
		if err := m.At(target); err != nil {
			t.Fatal(err)
		}
		if uid, gid := owner(t, target+"/b"); uid != 70007 || gid != 90008 {
			t.Errorf("%s/b belongs to %d:%d", target, uid, gid)
		}
		if ms, err := Below(target); err != nil || len(ms) != 1 {
			t.Errorf("mounts at %s: %v %v", target, ms, err)
		}
	}
	if uid, gid := owner(t, dir+"/over/a"); uid != 70000 || gid != 80000 {
		t.Errorf("a belongs to %d:%d", uid, gid)
	}
	if err := os.WriteFile(dir+"/bind/b", nil, 0o644); err == nil {
		t.Error("the bind is not read-only")
	}
	if uid, _ := owner(t, dir+"/l1/b"); uid != 7 {
		t.Errorf("the source belongs to %d", uid)
	}
}

func TestBadMappings(t *testing.T) {
	for _, options := range [][]string{{"uidmap=0:1:1"}, {"uidmap=0:1", "gidmap=0:1:1"}, {"uidmap=0:1:x", "gidmap=0:1:1"}, {"uidmap=", "gidmap="}} {
		err := Mount{Type: "overlay", Source: "overlay", Options: options}.At(t.TempDir())
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", options, err)
		}
	}
}
