package mount

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func ownerOf(t *testing.T, path string) (uid, gid int) {
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
		if uid, gid := ownerOf(t, target+"/b"); uid != 70007 || gid != 90008 {
			t.Errorf("%s/b belongs to %d:%d", target, uid, gid)
		}
		if ms, err := Below(target); err != nil || len(ms) != 1 {
			t.Errorf("mounts at %s: %v %v", target, ms, err)
		}
	}
	if uid, gid := ownerOf(t, dir+"/over/a"); uid != 70000 || gid != 80000 {
		t.Errorf("a belongs to %d:%d", uid, gid)
	}
	if err := os.WriteFile(dir+"/bind/b", nil, 0o644); err == nil {
		t.Error("the bind is not read-only")
	}
	if uid, _ := ownerOf(t, dir+"/l1/b"); uid != 7 {
		t.Errorf("the source belongs to %d", uid)
	}
}

// What is written through an overlay that is mapped whole is on disk as if there
// were no mapping.
func TestMappedOverlay(t *testing.T) {
	dir := scratch(t)
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil { // for the namespace's root
		t.Fatal(err)
	}
	mkdirs(t, dir, "low", "snap/fs", "snap/work", "over")
	write(t, dir+"/low/old", "old")
	ids := []record.IDMap{{Container: 0, Host: 70000, Size: 1000}}
	over := Mount{Type: "overlay", Source: "overlay", Options: []string{"lowerdir=" + dir + "/low", "upperdir=" + dir + "/snap/fs", "workdir=" + dir + "/snap/work"}}
	if err := All(Mapped([]Mount{over}, ids, ids), dir+"/over"); err != nil {
		t.Fatal(err)
	}
	if uid, _ := ownerOf(t, dir+"/over/old"); uid != 70000 {
		t.Errorf("old belongs to %d", uid)
	}
	as := exec.Command("sh", "-c", "echo new >"+dir+"/over/new && echo more >>"+dir+"/over/old && mkdir "+dir+"/over/dir")
	as.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 70000, Gid: 70000}}
	if out, err := as.CombinedOutput(); err != nil {
		t.Fatalf("write as the namespace's root: %v %s", err, out)
	}
	for _, name := range []string{"new", "old", "dir"} {
		if uid, gid := ownerOf(t, dir+"/snap/fs/"+name); uid != 0 || gid != 0 {
			t.Errorf("%s belongs to %d:%d on disk", name, uid, gid)
		}
	}
	if ms, err := Below(dir + "/over"); err != nil || len(ms) != 1 {
		t.Errorf("mounts: %v %v", ms, err)
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
