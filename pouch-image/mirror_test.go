package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestMirrorFails: a mirror that has the manifest and fails with a layer is passed over
// for the registry, which sends what is missing and no byte more.
func TestMirrorFails(t *testing.T) {
	unknown := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}`)
	}
	for name, bad := range map[string]front{
		"has it not": unknown,
		"is broken":  answers(http.StatusInternalServerError, nil, 0),
		"goes down":  nil, // in the middle of the layer
	} {
		t.Run(name, func(t *testing.T) {
			img, total := heavy(t, 2, 1<<20)
			layer := img.Layers[1]
			first := filepath.Join(contentDir(), "blobs", "sha256", digest.FromBytes(img.Layers[0]).Encoded())
			var on atomic.Bool
			on.Store(true)
			near, far := &registrytest.Meter{}, &registrytest.Meter{}
			var mirror *registrytest.Registry
			if bad == nil {
				bad = func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
					answers(http.StatusOK, layer[:300<<10], len(layer))(w, q, registry)
					go mirror.Stop()
					<-q.Context().Done()
				}
			}
			mirror = registrytest.Start(t, registrytest.Options{Front: near.Front(only("/blobs/"+digest.FromBytes(layer).String(), first, &on, bad))})
			mirror.Push(t, "near/x", "1", img)
			upstream := registrytest.Start(t, registrytest.Options{Front: far.Front(nil)})
			upstream.Push(t, "far/x", "1", img)
			conf := filepath.Join(t.TempDir(), "registries.conf")
			text := fmt.Sprintf("[[registry]]\nprefix=\"app.test\"\nlocation=\"%s/far\"\ninsecure=true\n[[registry.mirror]]\nlocation=\"%s/near\"\ninsecure=true\n", upstream.Host, mirror.Host)
			if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c := command(t, "pull", "-q", "--retry", "1", "--retry-delay", "1ms", "app.test/x:1")
			c.Env = append(c.Env, "CONTAINERS_REGISTRIES_CONF="+conf)
			got := do(t, c)
			if got.code != 0 {
				t.Errorf("%+v", got)
			}
			sent := 0
			for _, l := range img.Layers {
				sent += near.Sent(digest.FromBytes(l).String()) + far.Sent(digest.FromBytes(l).String())
			}
			if sent > total+slack {
				t.Errorf("%d bytes of layers were sent for %d", sent, total)
			}
			if far.Sent(digest.FromBytes(layer).String()) == 0 {
				t.Error("the registry was not asked for the layer")
			}
			pouch(t, "rm", "app.test/x:1")
		})
	}
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
	noLeases(t)
}
