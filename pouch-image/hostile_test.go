package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// hostileLayer is a tar archive of headers, each with as many zeros as its size says.
func hostileLayer(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, h.Size); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestHostileEntries: whatever the entries of a layer are called and point to, the
// host stays as it was, and the image is either refused or removed without a rest.
func TestHostileEntries(t *testing.T) {
	settledContent(t)
	victim := t.TempDir()
	kept := filepath.Join(victim, "kept")
	up := "../../../../../../../../../../../.."
	file := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 4} }
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}
	hard := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
	}
	dir := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeDir} }
	loose := func(name string, kind byte, to string) *tar.Header { // what it names could be made open to all
		return &tar.Header{Name: name, Typeflag: kind, Linkname: to, Mode: 0o777, Uid: 12345, Gid: 12345}
	}
	many := make([]*tar.Header, 100_000)
	for i := range many {
		many[i] = &tar.Header{Name: fmt.Sprintf("d%d/f%d", i/1000, i), Typeflag: tar.TypeReg}
	}
	r := registrytest.Start(t, registrytest.Options{})
	for name, layers := range map[string][][]byte{
		"climb":           {hostileLayer(t, file(up+victim+"/kept"), file(up+victim+"/new"))},
		"climbinside":     {hostileLayer(t, dir("a"), file("a/"+up+victim+"/kept"))},
		"absolute":        {hostileLayer(t, file(victim+"/kept"), file(victim+"/new"))},
		"throughlink":     {hostileLayer(t, link("out", victim), file("out/kept"), file("out/new"))},
		"throughclimb":    {hostileLayer(t, link("out", up+victim), file("out/kept"), file("out/new"))},
		"acrosslayers":    {hostileLayer(t, link("out", victim)), hostileLayer(t, file("out/kept"), file("out/new"))},
		"overlink":        {hostileLayer(t, link("kept", kept), file("kept"))},
		"hardoutside":     {hostileLayer(t, hard("a", kept), file("a"))},
		"hardclimb":       {hostileLayer(t, hard("a", up+kept), file("a"))},
		"hardthroughlink": {hostileLayer(t, link("out", victim), hard("a", "out/kept"), file("a"))},
		"hardtosymlink":   {hostileLayer(t, link("l", kept), hard("a", "l"), file("a"))}, // CVE-2026-17106
		"whiteoutclimb":   {hostileLayer(t, file(up+victim+"/.wh.kept"))},
		"whiteoutlink":    {hostileLayer(t, link("out", victim)), hostileLayer(t, file("out/.wh.kept"))},
		"whiteoutopaque":  {hostileLayer(t, link("out", victim), file("out/.wh..wh..opq"))},
		"whiteoutdot":     {hostileLayer(t, dir("a"), file("a/.wh..")), hostileLayer(t, file("a/.wh..."), file(".wh.."))},
		"whiteoutroot":    {hostileLayer(t, file(".wh..wh..opq"), file("../.wh..wh..opq"), file(".wh.."))},
		"swapped":         {hostileLayer(t, dir("out"), file("out/kept")), hostileLayer(t, link("out", victim)), hostileLayer(t, file("out/kept"), file("out/new"))}, // CVE-2025-47290
		"swappedback":     {hostileLayer(t, link("out", victim)), hostileLayer(t, dir("out"), file("out/kept")), hostileLayer(t, file("out/new"), file("out/.wh.kept"))},
		"swappedparent":   {hostileLayer(t, dir("a"), dir("a/out"), file("a/out/f")), hostileLayer(t, link("a", filepath.Dir(victim))), hostileLayer(t, file("a/"+filepath.Base(victim)+"/new"))},
		"chmod":           {hostileLayer(t, link("out", victim), loose("out", tar.TypeDir, ""))},                                    // CVE-2021-32760
		"chmodfile":       {hostileLayer(t, link("out", kept), loose("a", tar.TypeLink, "out"), loose("out", tar.TypeLink, "out"))}, // CVE-2021-32760
		"chmodacross":     {hostileLayer(t, link("out", kept)), hostileLayer(t, loose("a", tar.TypeLink, "out"))},                   // CVE-2021-32760
		"hardtofolder":    {hostileLayer(t, hard("a", victim), file("a/new"))},
		"hardtoproc":      {hostileLayer(t, hard("a", "../../../../../../../../../../proc/self/environ"))},
		"rootslash":       {hostileLayer(t, link("/", victim), file("new"))},
		"rootdotslash":    {hostileLayer(t, link("./", victim), file("./new"))},
		"fifo":            {hostileLayer(t, dir("etc"), &tar.Header{Name: "etc/passwd", Typeflag: tar.TypeFifo}, file("etc/passwd/new"))},
		"numbers":         {hostileLayer(t, &tar.Header{Name: "huge", Typeflag: tar.TypeChar, Devmajor: 1 << 20, Devminor: 1 << 20})},
		"newlines":        {hostileLayer(t, file("a\nb\x1b[31m"), link("c", "\n"))},
		"devices": {hostileLayer(t, dir("dev"), &tar.Header{Name: "dev/mem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1},
			&tar.Header{Name: "dev/sda", Typeflag: tar.TypeBlock, Devmajor: 8}, &tar.Header{Name: "fifo", Typeflag: tar.TypeFifo})},
		"notdir":    {hostileLayer(t, file("a"), file("a/b"))},
		"root":      {hostileLayer(t, link(".", victim), file("new"))}, // CVE-2021-29136
		"duplicate": {hostileLayer(t, file("a")), hostileLayer(t, file("a")), hostileLayer(t, file("a"))},
		"many":      {hostileLayer(t, many...)},
		"noarchive": {[]byte("this is no archive")},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			r.Push(t, name, "1", registrytest.Build(t, registrytest.Kind{}, layers...))
			ref := r.Host + "/" + name + ":1"
			before := outside(t, victim)
			got := pouch(t, "pull", "-q", ref)
			unchanged(t, before, outside(t, victim))
			if got.code != 0 && (got.code != 65 || strings.Contains(got.stderr, "mount callback") || strings.Count(got.stderr, "\n") != 1) || name == "noarchive" && got.code == 0 {
				t.Errorf("%+v", got)
			}
			if data, err := os.ReadFile(kept); err != nil || string(data) != "mine" {
				t.Errorf("the host's file: %q %v", data, err)
			}
			if all, err := os.ReadDir(victim); err != nil || len(all) != 1 {
				t.Errorf("in the host's folder: %v %v", all, err)
			}
			if st, err := os.Stat(kept); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("the host's file: %v %v", st, err)
			}
			if got.code == 0 {
				expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
			}
			expect(t, 1, ``, ``, "exists", ref)
		})
	}
	expect(t, 0, `(?s).*`, ``, "fsck", "--repair")
	noLeases(t)
}

// outside lists what a layer could write to and must not: the folder, all of the tests'
// folder but what is a layer's, a blob's or containerd's notes, and the names in / and
// /etc. A file is its name, mode, owner, size and time.
func outside(t *testing.T, folder string) (out []string) {
	t.Helper()
	note := func(path string, st fs.FileInfo) {
		owner := st.Sys().(*syscall.Stat_t)
		out = append(out, fmt.Sprint(path, st.Mode(), owner.Uid, owner.Gid, st.Size(), st.ModTime().UnixNano()))
	}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := e.Info()
		if err == nil {
			note(path, st)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`content\.v1\.content/|/snapshots/\d+|\.db$|/tmpmounts/|/locks/|/events\.jsonl`)
	for _, dir := range []string{"/", "/etc"} {
		all, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			out = append(out, filepath.Join(dir, e.Name())+e.Type().String())
		}
	}
	filepath.WalkDir(base, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !own.MatchString(path) {
			out = append(out, path+e.Type().String())
		}
		return nil
	})
	return out
}

// unchanged fails when two lists differ.
func unchanged(t *testing.T, before, now []string) {
	t.Helper()
	if more, less := without(now, before), without(before, now); len(more)+len(less) > 0 {
		t.Errorf("there is besides %q; gone is %q", more, less)
	}
}

// without is a list but for what is in another.
func without(list, other []string) []string {
	known := map[string]bool{}
	for _, s := range other {
		known[s] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return known[s] })
}

// TestHostileAttributes: extended attributes of a layer are at most the image's own: the
// overlay's do not lead out of it, and what is setuid is no user's of the host to run
// (CVE-2021-41091).
func TestHostileAttributes(t *testing.T) {
	settledContent(t)
	victim := t.TempDir()
	if err := os.WriteFile(filepath.Join(victim, "kept"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(name string, kind byte, mode int64, attrs ...string) *tar.Header {
		h := &tar.Header{Name: name, Typeflag: kind, Mode: mode, PAXRecords: map[string]string{}}
		for _, a := range attrs {
			k, v, _ := strings.Cut(a, "=")
			h.PAXRecords["SCHILY.xattr."+k] = v
		}
		return h
	}
	lower := hostileLayer(t, with("d", tar.TypeDir, 0o755), with("d/below", tar.TypeReg, 0o644), with("f", tar.TypeReg, 0o644))
	upper := hostileLayer(t,
		with("d", tar.TypeDir, 0o755, "trusted.overlay.redirect="+victim),
		with("climb", tar.TypeDir, 0o755, "trusted.overlay.redirect=../../../../../../../.."+victim),
		with("f", tar.TypeReg, 0o644, "trusted.overlay.metacopy=", "trusted.overlay.redirect="+victim+"/kept"),
		with("su", tar.TypeReg, 0o4755, "user.mine=yes"))
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "attrs", "1", registrytest.Build(t, registrytest.Kind{}, lower, upper))
	ref := r.Host + "/attrs:1"
	before := outside(t, victim)
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	unchanged(t, before, outside(t, victim))
	dir := strings.TrimSpace(expect(t, 0, `/.*\n`, ``, "mount", ref).out)
	for _, name := range []string{"d/kept", "climb/kept", "f"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(data) > 0 {
			t.Errorf("%s of the image shows the host's file: %q", name, data)
		}
	}
	expect(t, 0, `.*\n`, ``, "unmount", ref)
	files, err := filepath.Glob(filepath.Join(base, "l", "engine", "io.containerd.snapshotter.v1.overlayfs", "snapshots", "*", "fs", "su"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if st, err := os.Stat(files[0]); err != nil || st.Mode()&os.ModeSetuid == 0 {
		t.Errorf("the image's file: %v %v", st, err)
	}
	if err := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-e", files[0]).Run(); err == nil {
		t.Error("every user of the host can run what is setuid in the image")
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
}

// TestBomb: a layer of few bytes that unpacks to many is given up in time, and
// nothing is left of it.
func TestBomb(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	var headers []*tar.Header
	for i := range 64 {
		headers = append(headers, &tar.Header{Name: fmt.Sprint("f", i), Typeflag: tar.TypeReg, Size: 4 << 20})
	}
	img := registrytest.Build(t, registrytest.Kind{}, hostileLayer(t, headers...))
	r.Push(t, "bomb", "1", img)
	ref := r.Host + "/bomb:1"
	if n := len(img.Layers[0]); n > 1<<20 {
		t.Fatalf("the layer has %d bytes", n)
	}
	expect(t, 65, ``, `unpacks to more than the 16777216 bytes`, "pull", "-q", "--max-layer-size", "16m", ref)
	expect(t, 1, ``, ``, "exists", ref)
	expect(t, 1, ``, `give a size`, "pull", "-q", "--max-layer-size", "-1", ref)
	expect(t, 0, ref+"\n", ``, "pull", "-q", "--max-layer-size", "1g", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	noLeases(t)
}

// TestLongHistory: an image that says of itself a hundred thousand steps is shown.
func TestLongHistory(t *testing.T) {
	img := registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t, registrytest.File{Name: "a"}))
	steps := strings.Repeat(`{"empty_layer":true},`, 150_000)
	long := img
	long.Config = append([]byte(`{"history":[`+steps+`{}],`), img.Config[1:]...)
	for from, to := range map[string]string{
		img.ID().String():                         long.ID().String(),
		fmt.Sprintf(`"size":%d`, len(img.Config)): fmt.Sprintf(`"size":%d`, len(long.Config)),
	} {
		long.Manifest = bytes.Replace(long.Manifest, []byte(from), []byte(to), 1)
	}
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "long", "1", long)
	ref := r.Host + "/long:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	if got := pouch(t, "history", "-q", ref); got.code != 0 || strings.Count(got.out, "\n") != 150_001 {
		t.Errorf("exit %d, %d lines, %s", got.code, strings.Count(got.out, "\n"), got.stderr)
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
}
