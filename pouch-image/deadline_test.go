package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// Whatever a registry does, a pull ends with its deadline and says so.
func TestDeadline(t *testing.T) {
	later := func(part string, code int) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
			if !strings.Contains(q.URL.Path, part) || q.Method != http.MethodGet {
				upstream.ServeHTTP(w, q)
				return
			}
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(code)
		}
	}
	type front = func(http.ResponseWriter, *http.Request, http.Handler)
	for name, of := range map[string]func(layer string) front{
		"429 of the manifest": func(string) front { return later("/manifests/", http.StatusTooManyRequests) },
		"429 of a layer":      func(l string) front { return later(l, http.StatusTooManyRequests) },
		"503 of a layer":      func(l string) front { return later(l, http.StatusServiceUnavailable) },
		"a silent layer":      func(l string) front { return (&registrytest.Fault{Path: l, Cut: 1 << 19, Stall: true}).Front() },
		"a slow layer":        func(l string) front { return (&registrytest.Fault{Path: l, Cut: 16}).Front() },
	} {
		t.Run(name, func(t *testing.T) {
			img, _ := heavy(t, 1, 1<<20)
			front := of(digest.FromBytes(img.Layers[0]).Encoded())
			r := registrytest.Start(t, registrytest.Options{Front: front})
			r.Push(t, "late", "1", img)
			begin := time.Now()
			expect(t, 75, ``, `not done after 1s`, "pull", "-q", "--retry", "1000", "--retry-delay", "10ms", "--deadline", "1s", r.Host+"/late:1")
			if took := time.Since(begin); took > 150*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	pouch(t, "prune", "-f")
	noLeases(t)
}
