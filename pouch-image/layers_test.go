package main

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

func layer(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Layers that are unpacked together are what they are one by one: a folder that a
// layer names only by what is in it is as below, and what it takes away is gone.
func TestLayersOverEachOther(t *testing.T) {
	img := registrytest.Build(t, registrytest.Kind{},
		layer(t, tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777, Uid: 7}, tar.Header{Name: "tmp/old", Typeflag: tar.TypeReg, Mode: 0o644}, tar.Header{Name: "srv/", Typeflag: tar.TypeDir, Mode: 0o710}),
		layer(t, tar.Header{Name: "tmp/a/b", Typeflag: tar.TypeReg, Mode: 0o600}),
		layer(t, tar.Header{Name: "tmp/.wh.old", Typeflag: tar.TypeReg}, tar.Header{Name: "srv/x", Typeflag: tar.TypeReg, Mode: 0o600}),
		layer(t, tar.Header{Name: "tmp/c", Typeflag: tar.TypeReg, Mode: 0o600}))
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "over", "1", img)
	ref := r.Host + "/over:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	got, err := images.Lookup(t.Context(), client(t).Images(), ref)
	if err != nil {
		t.Fatal(err)
	}
	mounts, err := client(t).Prepare(t.Context(), "test-over", got.ChainID.String())
	if err != nil {
		t.Fatal(err)
	}
	defer client(t).RemoveSnapshot(t.Context(), "test-over")
	var below []string // the topmost first
	for _, m := range mounts {
		for _, o := range m.Options {
			if v, ok := strings.CutPrefix(o, "lowerdir="); ok {
				below = strings.Split(v, ":")
			}
		}
	}
	if len(below) != len(img.Layers) {
		t.Fatalf("%d layers are mounted, the image has %d", len(below), len(img.Layers))
	}
	for i, dir := range below {
		st, err := os.Stat(filepath.Join(dir, "tmp"))
		if err != nil || st.Mode().Perm() != 0o777 || st.Mode()&os.ModeSticky == 0 || st.Sys().(*syscall.Stat_t).Uid != 7 {
			t.Errorf("layer %d: /tmp is %v, %v", len(below)-i, st.Mode(), err)
		}
	}
	if st, err := os.Stat(filepath.Join(below[1], "srv")); err != nil || st.Mode().Perm() != 0o710 {
		t.Errorf("/srv is %v, %v", st, err)
	}
	if st, err := os.Lstat(filepath.Join(below[1], "tmp", "old")); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("/tmp/old is not hidden: %v, %v", st, err)
	}
	if err := client(t).RemoveSnapshot(t.Context(), "test-over"); err != nil {
		t.Error(err)
	}
	expect(t, 0, `(?s).*`, ``, "rm", ref)
}
