package archive

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/mount"
)

// layered is an overlay of the two folders lower and upper below dir, at
// dir/merged.
func layered(t *testing.T, options ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	if err := (mount.Mount{Type: "tmpfs", Source: "tmpfs"}).At(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mount.UnmountBelow(dir) })
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(dir+"/"+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, dir+"/lower", map[string]string{
		"etc/a": "1", "etc/b": "2", "gone/x": "3", "opaque/old": "4", "opaque/both": "5", "untouched/f": "6", "moved/in/f": "7", "file": "8", "folder/in": "9",
	})
	m := mount.Mount{Type: "overlay", Source: "overlay", Options: append(options, "lowerdir="+dir+"/lower", "upperdir="+dir+"/upper", "workdir="+dir+"/work")}
	if err := m.At(dir + "/merged"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func compared(t *testing.T, dir string, except ...string) string {
	t.Helper()
	var trees []Tree
	for _, d := range []string{"/lower", "/merged", "/upper"} {
		root, err := os.Open(dir + d)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		trees = append(trees, Tree{Root: root})
	}
	changes, err := Compare(context.Background(), trees[0], trees[1], trees[2], except)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%c %s", c.Kind, c.Path))
	}
	return strings.Join(out, ", ")
}

func TestCompare(t *testing.T) {
	dir := layered(t)
	at := dir + "/merged/"
	if got := compared(t, dir); got != "" {
		t.Errorf("untouched: %s", got)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fill(t, dir+"/merged", map[string]string{"etc/new": "x", "deep/er/f": "y", "etc/place": ""})
	must(os.Chmod(at+"etc/a", 0o600))
	must(os.Remove(at + "etc/b"))
	must(os.RemoveAll(at + "gone"))
	must(os.RemoveAll(at + "opaque"))
	fill(t, dir+"/merged", map[string]string{"opaque/both": "changed", "opaque/fresh": "z"})
	must(os.Remove(at + "file"))
	fill(t, dir+"/merged", map[string]string{"file/now": "a folder"})
	must(os.RemoveAll(at + "folder"))
	must(os.WriteFile(at+"folder", nil, 0o600))
	// Opened for writing and not written, it is copied up and yet the same.
	f, err := os.OpenFile(at+"untouched/f", os.O_WRONLY, 0)
	must(err)
	must(f.Close())
	want := "A /deep, A /deep/er, A /deep/er/f, C /etc, C /etc/a, D /etc/b, A /etc/new, C /file, A /file/now, C /folder, D /gone, " +
		"C /opaque, C /opaque/both, A /opaque/fresh, D /opaque/old"
	if got := compared(t, dir, "/etc/place", "/deep/x"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A place that a start has made does not count, nor a folder for it alone.
func TestCompareExcept(t *testing.T) {
	dir := layered(t)
	fill(t, dir+"/merged", map[string]string{"dev/": "", "run/hosts": "", "etc/resolv.conf": ""})
	if got := compared(t, dir, "/dev", "/run/hosts", "/etc/resolv.conf"); got != "" {
		t.Error(got)
	}
	fill(t, dir+"/merged", map[string]string{"run/own": ""})
	if got := compared(t, dir, "/dev", "/run/hosts", "/etc/resolv.conf"); got != "A /run, A /run/own" {
		t.Error(got)
	}
}

// A renamed folder of a lower layer is all new where it is, and gone where it
// was, though the upper folder has but a note of it (redirect_dir).
func TestCompareRedirect(t *testing.T) {
	dir := layered(t, "redirect_dir=on")
	if err := unix.Rename(dir+"/merged/moved", dir+"/merged/there"); err != nil {
		t.Fatal(err)
	}
	if got := compared(t, dir); got != "D /moved, A /there, A /there/in, A /there/in/f" {
		t.Error(got)
	}
}

// Metadata alone is copied up with metacopy: the content is the lower file's.
func TestCompareMetacopy(t *testing.T) {
	dir := layered(t, "metacopy=on")
	if err := os.Chtimes(dir+"/merged/etc/a", time.Unix(1, 0), time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/merged/file", 0o600); err != nil {
		t.Fatal(err)
	}
	if got := compared(t, dir); got != "C /etc, C /etc/a, C /file" {
		t.Error(got)
	}
}
