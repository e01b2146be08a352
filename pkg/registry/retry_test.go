package registry

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
