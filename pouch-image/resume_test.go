package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// slack is what may come twice of a layer that a killed pull was fetching: what was
// not yet a message to containerd.
const slack = 256 << 10

// heavy is an image whose layers nothing compresses.
func heavy(t *testing.T, layers, size int) (img registrytest.Image, total int) {
	t.Helper()
	var tars [][]byte
	for range layers {
		tars = append(tars, registrytest.Tar(t, registrytest.File{Name: "noise", Body: noise(size)}))
	}
	img = registrytest.Build(t, registrytest.Kind{}, tars...)
	for _, l := range img.Layers {
		total += len(l)
	}
	return img, total
}

// A pull that failed in the middle of a layer is gone on with by the next command;
// others in between do not matter.
func TestResume(t *testing.T) {
	img, total := heavy(t, 2, 2<<20)
	f := &registrytest.Fault{Path: digest.FromBytes(img.Layers[1]).Encoded(), Cut: 700 << 10}
	r := registrytest.Start(t, registrytest.Options{Front: f.Front()})
	r.Push(t, "half", "1", img)
	r.Push(t, "other", "1", busybox(t, registrytest.Kind{}))
	ref := r.Host + "/half:1"
	expect(t, 75, ``, `broken off at byte \d+ of \d+`, "pull", "-q", "--retry", "0", ref)
	had := f.Sent()
	expect(t, 0, `.*\n`, ``, "pull", "-q", r.Host+"/other:1")
	expect(t, 0, ``, ``, "ls", "-q", ref)
	f.Heal()
	expect(t, 0, `.*\n`, `: already here\n`, "pull", ref)
	if got := f.Sent(); had+got != len(img.Layers[1]) || total == 0 {
		t.Errorf("%d bytes of the layer came, then %d; it has %d", had, got, len(img.Layers[1]))
	}
	if got := f.Ranges(); len(got) != 1 || !regexp.MustCompile(`^bytes=\d+-$`).MatchString(got[0]) {
		t.Errorf("ranges that were asked for: %q", got)
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", r.Host+"/other:1")
	noLeases(t)
	nothingStored(t)
}

// files lists what containerd's content store has on disk.
func files(t *testing.T) (blobs, ingests []string) {
	t.Helper()
	dir := filepath.Join(base, "l", "engine", "io.containerd.content.v1.content")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // it is being collected just now
		}
		if in, _ := filepath.Rel(dir, path); strings.HasPrefix(in, "ingest") {
			ingests = append(ingests, in)
		} else {
			blobs = append(blobs, in)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return blobs, ingests
}

// nothingStored waits until nothing is left of any image.
func nothingStored(t *testing.T) {
	t.Helper()
	var blobs, ingests []string
	for end := time.Now().Add(collects); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if blobs, ingests = files(t); len(blobs)+len(ingests) == 0 {
			noActiveSnapshots(t)
			return
		}
	}
	t.Errorf("left in the content store: %q %q", blobs, ingests)
}

// start starts a pull and waits until as much has come as the gate lets through.
func startHeld(t *testing.T, held <-chan struct{}, ref string) *exec.Cmd {
	t.Helper()
	c := command(t, "pull", "-q", ref)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-held:
	case <-time.After(2 * time.Minute):
		t.Error("the pull does not come that far")
	}
	return c
}

// settled waits until what the registry has sent is in the content store, but for
// what makes no message yet.
func settled(t *testing.T, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if stored(t) >= int64(want) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d bytes are stored, %d at least should be", stored(t), want)
}

func stored(t *testing.T) (n int64) {
	t.Helper()
	blobs, ingests := files(t)
	dir := filepath.Join(base, "l", "engine", "io.containerd.content.v1.content")
	for _, f := range blobs {
		n += length(t, filepath.Join(dir, f))
	}
	for _, f := range ingests {
		if filepath.Base(f) == "data" {
			n += length(t, filepath.Join(dir, f))
		}
	}
	return n
}

// Ten pulls are killed, each a little later than the one before; the next one goes
// on where the last was, and nothing is lost.
func TestKilledAtTenMoments(t *testing.T) {
	const layers = 4
	img, total := heavy(t, layers, 8<<20)
	g := registrytest.NewGate()
	r := registrytest.Start(t, registrytest.Options{Front: g.Front})
	r.Push(t, "ten", "1", img)
	ref := r.Host + "/ten:1"
	pouch(t, "ls")
	step := total / 11 // of which a kill loses layers*slack at most
	for range 10 {
		want := int(stored(t)) + step - layers*slack
		c := startHeld(t, g.Hold(step), ref)
		settled(t, want)
		c.Process.Kill()
		c.Wait()
		expect(t, 0, ``, ``, "ls", "-q", ref)
	}
	g.Open()
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	if got, most := g.Sent(), total+10*layers*slack; got > most {
		t.Errorf("%d bytes were sent for %d of the image: more than %d", got, total, most)
	}
	expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	noLeases(t)
	nothingStored(t)
}

// What a killed pull has left goes with prune, and with a pull that ends well.
func TestPruneTakesPartials(t *testing.T) {
	img, total := heavy(t, 2, 2<<20)
	g := registrytest.NewGate()
	r := registrytest.Start(t, registrytest.Options{Front: g.Front})
	r.Push(t, "left", "1", img)
	ref := r.Host + "/left:1"
	pouch(t, "ls")
	c := startHeld(t, g.Hold(total-1<<20), ref)
	settled(t, g.Sent()-2*slack)
	expect(t, 0, ``, `reclaimed space: `, "prune", "-f") // the blobs that are being written stay
	if n := stored(t); n < int64(total)/2 {
		t.Errorf("prune took what a pull is fetching: %d bytes are left", n)
	}
	c.Process.Kill()
	c.Wait()
	expect(t, 0, ``, `reclaimed space: [1-9][0-9.]*MB`, "prune", "-f")
	pouch(t, "pull", "-q", "127.0.0.1:1/none:1") // its end removes the lease of the dead
	nothingStored(t)
	noLeases(t)
}

func length(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		return 0 // collected, or renamed to a blob, just now
	}
	return st.Size()
}

// What a power cut left of a layer may be anything: then the layer is fetched anew.
func TestPartialIsBroken(t *testing.T) {
	for name, breakIt := range map[string]func(f *os.File, length int64) error{
		"another byte": func(f *os.File, _ int64) error { _, err := f.WriteAt([]byte("x"), 100); return err },
		"zeros":        func(f *os.File, n int64) error { _, err := f.WriteAt(make([]byte, 4096), n-4096); return err },
		"too long":     func(f *os.File, _ int64) error { return f.Truncate(3 << 20) },
		"empty":        func(f *os.File, _ int64) error { return f.Truncate(0) },
	} {
		t.Run(name, func(t *testing.T) {
			img, total := heavy(t, 1, 2<<20)
			f := &registrytest.Fault{Path: digest.FromBytes(img.Layers[0]).Encoded(), Cut: 700 << 10}
			r := registrytest.Start(t, registrytest.Options{Front: f.Front()})
			r.Push(t, "broken", "1", img)
			ref := r.Host + "/broken:1"
			expect(t, 75, ``, `broken off`, "pull", "-q", "--retry", "0", ref)
			_, ingests := files(t)
			for _, in := range ingests {
				if filepath.Base(in) != "data" {
					continue
				}
				path := filepath.Join(base, "l", "engine", "io.containerd.content.v1.content", in)
				data, err := os.OpenFile(path, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(breakIt(data, length(t, path)), data.Close()); err != nil {
					t.Fatal(err)
				}
			}
			f.Heal()
			expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
			if got := f.Sent(); got < total || got > 2*total {
				t.Errorf("%d bytes came of a layer of %d, asked for as %q", got, total, f.Ranges())
			}
			expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
			nothingStored(t)
		})
	}
}
