//go:build linux && amd64

package main

import (
	"math"
	"os"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/test/killpoint"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestKilledThroughout: a pull is killed at ten points that are spread over all of its
// system calls that change the world, from the first request to the last answer, and at
// more where none of these came before, while or after the layers did.
// Whatever the point, the store is sound, an image that has its name is whole, and
// after prune there is not a file more than before.
func TestKilledThroughout(t *testing.T) {
	img, total := heavy(t, 3, 1<<20)
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "points", "1", img)
	ref := r.Host + "/points:1"
	d, before := settledContent(t)

	whole := killedPull(t, ref, 0)
	if whole.Code != 0 {
		t.Fatalf("a pull that is not killed: %+v", whole)
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	d.becomes(t, before)
	none, some, all := 0, 0, 0
	for i := 0; i < 10 || i < 50 && (none == 0 || some == 0 || all == 0); i++ {
		at := max(1, int(float64(whole.Points)*spread(i)))
		r := killedPull(t, ref, at)
		for range 20 { // it needed less this time
			if !r.Killed && r.Code == 0 {
				expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
				at = at * 9 / 10
				r = killedPull(t, ref, at)
			}
		}
		if !r.Killed {
			t.Errorf("point %d of %d: not killed: %+v", at, whole.Points, r)
		}
		had := layersStored(t, img)
		switch {
		case had == 0:
			none++
		case had < total:
			some++
		default:
			all++
		}
		t.Logf("point %d of %d, before %s: %d of %d bytes of layers were here", at, whole.Points, r.Call, had, total)
		expect(t, 0, `\d+ images, .*\n`, ``, "fsck")
		if pouch(t, "exists", ref).code == 0 {
			expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", ref)
			expect(t, 0, `(?s).*`, ``, "verify", "--digest", img.Digest().String(), ref)
			expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
		}
		expect(t, 0, ``, `reclaimed`, "prune", "-f")
		d.becomes(t, before)
	}
	if none == 0 || some == 0 || all == 0 {
		t.Errorf("kills before, while and after the layers came: %d, %d, %d", none, some, all)
	}
	noLeases(t)
}

// spread is the i-th of ten parts of one that lie evenly, and then of others between them.
func spread(i int) float64 {
	if i < 10 {
		return float64(i+1) / 11
	}
	_, part := math.Modf(float64(i) * math.Phi)
	return part
}

// killedPull pulls, and is killed before its changing system call number at; 0: it is
// not.
func killedPull(t *testing.T, ref string, at int) killpoint.Result {
	t.Helper()
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	c := command(t, "pull", "-q", ref)
	attr := &os.ProcAttr{Env: c.Env, Files: []*os.File{null, null, null}, Sys: &syscall.SysProcAttr{}}
	r, err := killpoint.Run(append([]string{c.Path}, c.Args[1:]...), attr, at)
	if err != nil {
		t.Error(err)
	}
	return r
}
