package registry

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestRetryDelay counts the tries. With the delay that grows they would take
// minutes.
func TestRetryDelay(t *testing.T) {
	var manifests atomic.Int32
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, real http.Handler) {
		if strings.Contains(q.URL.Path, "/manifests/") && q.Method == http.MethodGet {
			manifests.Add(1)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		real.ServeHTTP(w, q)
	}})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	manifests.Store(0)
	_, err := pull(t, newMemory(), r.Host+"/x:1", Options{}, Watcher{})
	once := manifests.Swap(0)
	if !errs.Is(err, errs.Unavailable) || once == 0 {
		t.Fatalf("one try: %v after %d requests", err, once)
	}
	start := time.Now()
	_, err = pull(t, newMemory(), r.Host+"/x:1", Options{Retry: 9, RetryDelay: time.Millisecond}, Watcher{})
	if got := manifests.Load(); !errs.Is(err, errs.Unavailable) || got != 10*once || time.Since(start) > time.Minute {
		t.Errorf("ten tries: %v after %d requests, %d in one", err, got, once)
	}
}

// Retry-After is obeyed, also when it is longer than a registry may be silent.
func TestRetryAfter(t *testing.T) {
	img := small(t, registrytest.Kind{})
	for _, part := range []string{"/manifests/", "/blobs/" + digest.FromBytes(img.Layers[0]).String()} {
		var mu sync.Mutex
		var asked []time.Time
		r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, real http.Handler) {
			if !strings.Contains(q.URL.Path, part) || q.Method != http.MethodGet {
				real.ServeHTTP(w, q)
				return
			}
			mu.Lock()
			asked = append(asked, time.Now())
			first := len(asked) == 1
			mu.Unlock()
			if first {
				w.Header().Set("Retry-After", "2")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			real.ServeHTTP(w, q)
		}})
		r.Push(t, "x", "1", img)
		mu.Lock()
		asked = nil
		mu.Unlock()
		if _, err := pull(t, newMemory(), r.Host+"/x:1", Options{Idle: 300 * time.Millisecond}, Watcher{}); err != nil {
			t.Errorf("%s: %v", part, err)
		}
		if len(asked) != 2 || asked[1].Sub(asked[0]) < 2*time.Second {
			t.Errorf("%s: asked at %v", part, asked)
		}
	}
}
