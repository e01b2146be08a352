package main

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// A manifest that has no end is given up early, and takes no memory. So is one that
// says that it has a gigabyte.
func TestEndlessManifest(t *testing.T) {
	const (
		offered = 1 << 30
		most    = 64 << 20 // what sockets may hold is in it
		rss     = 128 << 10
	)
	for name, length := range map[string]string{"no length": "", "a gigabyte": "1073741824"} {
		t.Run(name, func(t *testing.T) {
			var sent atomic.Int64
			r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
				if !strings.Contains(q.URL.Path, "/manifests/") {
					registry.ServeHTTP(w, q)
					return
				}
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				for page := bytes.Repeat([]byte(" "), 64<<10); sent.Load() < offered; {
					n, err := w.Write(page)
					sent.Add(int64(n))
					if err != nil {
						return
					}
				}
			}})
			got, used := measured(t, command(t, "pull", "-q", "--retry", "0", r.Host+"/x:1"))
			if got.code != 65 || !strings.Contains(got.stderr, "manifest") {
				t.Errorf("%+v, want exit 65 and a word of the manifest", got)
			}
			if n := sent.Load(); n == 0 || n > most {
				t.Errorf("%d bytes were taken of it", n)
			}
			if used > rss {
				t.Errorf("it took %d KiB of memory", used)
			}
		})
	}
	noLeases(t)
}
