package registry

import (
	"fmt"
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
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		if strings.Contains(q.URL.Path, "/manifests/") && q.Method == http.MethodGet {
			manifests.Add(1)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		upstream.ServeHTTP(w, q)
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
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for _, part := range []string{"/manifests/", "/blobs/" + digest.FromBytes(img.Layers[0]).String()} {
			t.Run(fmt.Sprint(status, part[:4]), func(t *testing.T) {
				if status == http.StatusServiceUnavailable && !hearsAnswers {
					t.Skip("the image library is not the patched one: see make unit")
				}
				b := &busy{part: part, status: status, after: "4"}
				r := registrytest.Start(t, registrytest.Options{Front: b.front})
				r.Push(t, "x", "1", img)
				o := Options{Retry: 1, RetryDelay: time.Millisecond, Idle: 3 * time.Second}
				if _, err := pull(t, newMemory(), r.Host+"/x:1", o, Watcher{}); err != nil {
					t.Error(err)
				}
				if asked := b.times(); len(asked) != 2 || asked[1].Sub(asked[0]) < 4*time.Second {
					t.Errorf("asked at %v", asked)
				}
			})
		}
	}
}

// What a mirror wishes does not keep the registry from being asked.
func TestRetryAfterOfMirror(t *testing.T) {
	img := small(t, registrytest.Kind{})
	b := &busy{part: "/v2/", status: http.StatusServiceUnavailable, after: "600", always: true}
	mirror := registrytest.Start(t, registrytest.Options{Front: b.front})
	upstream := registrytest.Start(t, registrytest.Options{})
	upstream.Push(t, "library/x", "1", img)
	conf(t, home(t), "[[registry]]\nprefix=\"docker.io/library\"\nlocation=\"%s/library\"\ninsecure=true\n[[registry.mirror]]\nlocation=\"%s/library\"\ninsecure=true\n", upstream.Host, mirror.Host)
	start := time.Now()
	if _, err := pull(t, newMemory(), "x:1", Options{Retry: 1}, Watcher{}); err != nil || len(b.times()) == 0 {
		t.Errorf("%v; the mirror was asked at %v", err, b.times())
	}
	if took := time.Since(start); took > 5*time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestRetryAfterWords(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for word, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-1": 0, "soon": 0, "99999999999999": 0,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(word, now); got != want {
			t.Errorf("%q: %v, want %v", word, got, want)
		}
	}
	var p patience
	p.heard(http.StatusServiceUnavailable, http.Header{"Retry-After": {"7200"}})
	if got := p.rest(); got > longestRetryAfter || got < longestRetryAfter-time.Minute {
		t.Errorf("of two hours: %v", got)
	}
	p.heard(http.StatusNotFound, http.Header{})
	if p.rest() <= 0 {
		t.Error("another answer made it forget")
	}
	p.heard(http.StatusBadGateway, http.Header{})
	if p.rest() > 0 {
		t.Error("the last one has no wish")
	}
}

// busy is a registry that cannot answer requests for paths with part in them, the first
// time or always.
type busy struct {
	part   string
	status int
	after  string
	always bool

	mu    sync.Mutex
	asked []time.Time
}

func (b *busy) times() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func (b *busy) front(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
	if !strings.Contains(q.URL.Path, b.part) || q.Method != http.MethodGet {
		upstream.ServeHTTP(w, q)
		return
	}
	b.mu.Lock()
	b.asked = append(b.asked, time.Now())
	first := len(b.asked) == 1
	b.mu.Unlock()
	if !first && !b.always {
		upstream.ServeHTTP(w, q)
		return
	}
	w.Header().Set("Retry-After", b.after)
	w.WriteHeader(b.status)
}
