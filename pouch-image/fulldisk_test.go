package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// disk is a filesystem of its own with a root and an engine on it.
type disk struct{ root, run string }

// smallDisk makes a disk of size bytes that goes with the test.
func smallDisk(t *testing.T, size int) *disk {
	t.Helper()
	command(t) // or skip
	dir, err := os.MkdirTemp(base, "d")
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{filepath.Join(dir, "l"), filepath.Join(dir, "r")}
	if err := os.Mkdir(d.root, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", d.root, "tmpfs", 0, fmt.Sprint("mode=755,size=", size)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := engine.Stop(ctx, d.store(t)); err != nil {
			t.Error(err)
		}
		if err := unix.Unmount(d.root, 0); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *disk) store(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(d.root, d.run)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// resize gives the disk another size.
func (d *disk) resize(t *testing.T, size int) {
	t.Helper()
	if err := unix.Mount("", d.root, "", unix.MS_REMOUNT, fmt.Sprint("size=", size)); err != nil {
		t.Fatal(err)
	}
}

func (d *disk) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := command(t, args...)
	c.Env = append(c.Env, "POUCH_ROOT="+d.root, "POUCH_RUN_ROOT="+d.run)
	return c
}

// must runs a command that works.
func (d *disk) must(t *testing.T, args ...string) result {
	t.Helper()
	r := do(t, d.command(t, args...))
	if r.code != 0 {
		t.Errorf("pouch-image %s: %+v", strings.Join(args, " "), r)
	}
	return r
}

// client is containerd on the disk.
func (d *disk) client(t *testing.T) *ctrd.Client {
	t.Helper()
	c := ctrd.Dial(engine.Socket(d.store(t)), ctrd.Namespace)
	t.Cleanup(func() { c.Close() })
	return c
}

// content lists what is in the content store, the snapshots and the temporary folders,
// each with its size; not the metadata, which grows and does not shrink.
func (d *disk) content(t *testing.T) (out []string) {
	t.Helper()
	for _, part := range []string{"engine/io.containerd.content.v1.content", "engine/io.containerd.snapshotter.v1.overlayfs/snapshots", "tmp"} {
		filepath.WalkDir(filepath.Join(d.root, part), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil // it goes just now
			}
			in, size := strings.TrimPrefix(path, d.root+"/engine/io.containerd."), int64(0)
			if st, err := e.Info(); err == nil && !e.IsDir() {
				size = st.Size()
			}
			if in != d.root+"/tmp" { // made by the first who needs it
				out = append(out, fmt.Sprint(in, " ", size))
			}
			return nil
		})
	}
	return out
}

// becomes waits until the disk has the files that it had.
func (d *disk) becomes(t *testing.T, want []string) {
	t.Helper()
	var now []string
	for end := time.Now().Add(collects); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if now = d.content(t); slices.Equal(now, want) {
			return
		}
	}
	unchanged(t, want, now)
}

// atRest makes a container of an image that does not run, with a file of its own.
func (d *disk) atRest(t *testing.T, image string, body []byte) (id string) {
	t.Helper()
	got, err := images.Lookup(t.Context(), d.client(t).Images(), image)
	if err != nil {
		t.Fatal(err)
	}
	id = strings.Repeat("cd", 32)
	c := &record.Container{ID: id, Image: record.Image{
		Name: image, Ref: got.Ref, Digest: got.Digest.String(), ConfigDigest: got.ConfigDigest.String(), ChainID: got.ChainID.String(),
	}}
	if err := d.store(t).CreateContainer(c, &record.State{Status: record.Exited}); err != nil {
		t.Fatal(err)
	}
	mounts, err := d.client(t).Prepare(t.Context(), id, got.ChainID.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range mounts[0].Options {
		if upper, ok := strings.CutPrefix(o, "upperdir="); ok {
			if err := os.WriteFile(filepath.Join(upper, "own"), body, 0o644); err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	t.Fatalf("no upper folder: %v", mounts)
	return id
}

// TestFullDisk: on a disk that gets full, each verb that stores something says so in
// one line and leaves nothing of it; with room it works.
func TestFullDisk(t *testing.T) {
	const small, large = 12 << 20, 96 << 20
	d := smallDisk(t, small)
	r := registrytest.Start(t, registrytest.Options{})
	noisy, _ := heavy(t, 3, 6<<20)
	r.Push(t, "noisy", "1", noisy)
	empty := registrytest.Tar(t, registrytest.File{Name: "zeros", Body: make([]byte, 24<<20)})
	wide := registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t, registrytest.File{Name: "a", Body: []byte("a")}), empty)
	r.Push(t, "wide", "1", wide)
	r.Push(t, "small", "1", busybox(t, registrytest.Kind{}))
	dir := t.TempDir()
	docker, oci, wideTar := filepath.Join(dir, "noisy.tar"), filepath.Join(dir, "noisy.oci"), filepath.Join(dir, "wide.oci")
	expect(t, 0, `.*\n`, ``, "copy", "-q", "docker://"+r.Host+"/noisy:1", "docker-archive:"+docker+":noisy:1")
	expect(t, 0, `.*\n`, ``, "copy", "-q", "docker://"+r.Host+"/noisy:1", "oci-archive:"+oci+":noisy:1")
	expect(t, 0, `.*\n`, ``, "copy", "-q", "docker://"+r.Host+"/wide:1", "oci-archive:"+wideTar+":wide:1")
	root := registrytest.Tar(t, registrytest.File{Name: "noise", Body: noise(14 << 20)})
	base := r.Host + "/small:1"
	d.must(t, "pull", "-q", base)
	id := d.atRest(t, base, noise(7<<20))
	do(t, d.command(t, "load", "-i", "/dev/null")) // makes folders that stay
	before := d.settled(t)
	for name, c := range map[string]struct {
		args  []string
		stdin []byte
		rm    string // the name that comes of it
	}{
		"pull, fetching":    {args: []string{"pull", "-q", r.Host + "/noisy:1"}, rm: r.Host + "/noisy:1"},
		"pull, unpacking":   {args: []string{"pull", "-q", r.Host + "/wide:1"}, rm: r.Host + "/wide:1"},
		"load of docker's":  {args: []string{"load", "-q", "-i", docker}, rm: "noisy:1"},
		"load of OCI's":     {args: []string{"load", "-q", "-i", oci}, rm: "noisy:1"},
		"load, unpacking":   {args: []string{"load", "-q", "-i", wideTar}, rm: "wide:1"},
		"load from a pipe":  {args: []string{"load", "-q"}, stdin: file(t, docker), rm: "noisy:1"},
		"import":            {args: []string{"import", "-", "imported:1"}, stdin: root, rm: "imported:1"},
		"import, unpacking": {args: []string{"import", "-", "imported:1"}, stdin: empty, rm: "imported:1"},
		"commit":            {args: []string{"commit", id, "committed:1"}, rm: "committed:1"},
		"copy to the store": {args: []string{"copy", "-q", "oci-archive:" + oci, "containerd:noisy:1"}, rm: "noisy:1"},
	} {
		t.Run(name, func(t *testing.T) {
			run := func() result {
				cmd := d.command(t, c.args...)
				cmd.Stdin = bytes.NewReader(c.stdin)
				return do(t, cmd)
			}
			got := run()
			if got.code != 1 || got.out != "" || !strings.Contains(got.stderr, "no space left on device") || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("on a full disk: %+v", got)
			}
			d.becomes(t, before)
			if got := do(t, d.command(t, "fsck")); got.code != 0 {
				t.Errorf("fsck: %+v", got)
			}
			d.resize(t, large)
			defer d.resize(t, small)
			if got := run(); got.code != 0 {
				t.Errorf("with room: %+v", got)
			}
			d.must(t, "rm", c.rm)
			d.becomes(t, before)
		})
	}
	d.fill(t)
	if got := do(t, d.command(t, "fsck", "--repair")); got.code != 0 && (got.code != 1 || !strings.Contains(got.stderr, "no space left")) {
		t.Errorf("fsck of a full disk: %+v", got)
	}
	d.resize(t, large)
	if got := d.must(t, "fsck"); !strings.HasPrefix(got.out, "1 images, ") {
		t.Errorf("after fsck of a full disk: %+v", got)
	}
}

// fill takes all room on the disk.
func (d *disk) fill(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(d.root, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// settledContent is what is on the tests' disk when containerd has nothing to collect,
// with the folders that its first image makes.
func settledContent(t *testing.T) (*disk, []string) {
	t.Helper()
	d := &disk{root: filepath.Join(base, "l"), run: filepath.Join(base, "r")}
	pulled(t, "settled:1", registrytest.Kind{})
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "settled:1")
	return d, d.settled(t)
}

// settled is what is on the disk when containerd has collected what nobody has.
func (d *disk) settled(t *testing.T) []string {
	t.Helper()
	for old := []string(nil); ; {
		d.must(t, "fsck", "--repair")
		now := d.content(t)
		if slices.Equal(now, old) {
			return now
		}
		old = now
	}
}
