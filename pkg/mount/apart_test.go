package mount

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What is mounted apart is seen there alone, a long overlay too, which is made
// by a thread of its own; afterwards nothing is left.
func TestApart(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "target", "up", "wk")
	var lower []string
	for len(strings.Join(lower, ":")) < os.Getpagesize() {
		l := filepath.Join(dir, strings.Repeat("l", 90), string(rune('a'+len(lower)%26))+strings.Repeat("x", len(lower)/26))
		mkdirs(t, "/", l)
		lower = append(lower, l)
	}
	write(t, lower[len(lower)-1]+"/file", "lowest")
	long := Mount{Type: "overlay", Source: "overlay", Options: []string{"lowerdir=" + strings.Join(lower, ":"), "upperdir=" + dir + "/up", "workdir=" + dir + "/wk"}}
	err := Apart(func() error {
		if err := long.At(dir + "/target"); err != nil {
			return err
		}
		b, err := os.ReadFile(dir + "/target/file")
		if string(b) != "lowest" {
			t.Errorf("apart: %q, %v", b, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if ms, err := Below(dir + "/target"); err != nil || len(ms) != 0 {
		t.Errorf("left: %v %v", ms, err)
	}
	if _, err := os.Stat(dir + "/target/file"); err == nil {
		t.Error("the mount is seen outside")
	}
}

func TestTreeOnHandle(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "source", "target", "moved")
	write(t, dir+"/source/file", "x")
	tree, err := OpenTree(dir+"/source", true, true)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	h, err := os.OpenFile(dir+"/target", unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := tree.On(h); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(dir + "/target/file"); string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if err := os.WriteFile(dir+"/target/file", nil, 0o600); err == nil {
		t.Error("it can be written")
	}
	if _, err := OpenTree(dir+"/nosuch", true, false); !os.IsNotExist(err) {
		t.Errorf("nosuch: %v", err)
	}
}

// Bare shows a process's root without what is mounted in it.
func TestBare(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "covered")
	write(t, dir+"/covered/below", "x")
	if err := (Mount{Type: "tmpfs", Source: "tmpfs"}).At(dir + "/covered"); err != nil {
		t.Fatal(err)
	}
	root, err := Bare(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if n := filepath.Join("proc", "self", "stat"); unix.Faccessat(int(root.Fd()), n, unix.F_OK, 0) == nil {
		t.Error("/proc is in it")
	}
	if unix.Faccessat(int(root.Fd()), "proc", unix.F_OK, 0) != nil {
		t.Error("/proc's mount point is not in it")
	}
}
