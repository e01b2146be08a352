package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// Of two pulls of one image that share the work, one is killed in the middle: the
// other ends well, with what the killed one had fetched.
func TestSharedPullKilled(t *testing.T) {
	for name, first := range map[string]bool{"the first": true, "the second": false} {
		t.Run(name, func(t *testing.T) {
			const layers = 3
			img, total := heavy(t, layers, 4<<20)
			g, m, config := registrytest.NewGate(), &registrytest.Meter{}, digest.FromBytes(img.Config).String()
			r := registrytest.Start(t, registrytest.Options{Front: m.Front(func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
				if strings.HasSuffix(q.URL.Path, config) {
					registry.ServeHTTP(w, q)
					return
				}
				g.Front(w, q, registry)
			})})
			r.Push(t, "shared", "1", img)
			ref := r.Host + "/shared:1"
			pouch(t, "ls")
			half := total / 2
			victim := startHeld(t, g.Hold(half), ref)
			other := command(t, "pull", "-q", ref)
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(2 * time.Minute); m.Sent(config) < 2*len(img.Config); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the second pull does not come to the layers")
				}
			}
			settled(t, half-layers*slack)
			if !first {
				victim, other = other, victim
			}
			victim.Process.Kill()
			victim.Wait()
			g.Open()
			if err := other.Wait(); err != nil {
				t.Errorf("the pull that was not killed: %v", err)
			}
			sent := 0
			for _, l := range img.Layers {
				sent += m.Sent(digest.FromBytes(l).String())
			}
			if sent < total || sent > total+layers*slack {
				t.Errorf("%d bytes of layers were sent for %d", sent, total)
			}
			expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", ref)
			expect(t, 0, `\d+ images, .*\n`, ``, "fsck")
			expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
			noLeases(t)
			nothingStored(t)
		})
	}
}
