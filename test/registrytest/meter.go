package registrytest

import (
	"net/http"
	"path"
	"sync"
)

// Meter counts the bytes of bodies that a registry sends, by the last part of the
// request's path: of a blob its digest, of a manifest its tag or digest.
type Meter struct {
	mu   sync.Mutex
	sent map[string]int
}

// Front is next with its bytes counted; without next, the registry itself.
func (m *Meter) Front(next func(http.ResponseWriter, *http.Request, http.Handler)) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		if q.Method == http.MethodGet {
			w = &metered{w, m, path.Base(q.URL.Path)}
		}
		if next != nil {
			next(w, q, registry)
			return
		}
		registry.ServeHTTP(w, q)
	}
}

// Sent is how many bytes were sent of what has that name.
func (m *Meter) Sent(name string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent[name]
}

// Reset begins to count anew.
func (m *Meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.sent)
}

type metered struct {
	http.ResponseWriter
	m    *Meter
	name string
}

// Write implements io.Writer.
func (w *metered) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	if w.m.sent == nil {
		w.m.sent = map[string]int{}
	}
	w.m.sent[w.name] += n
	return n, err
}

// Flush implements http.Flusher.
func (w *metered) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// Unwrap is for http.ResponseController.
func (w *metered) Unwrap() http.ResponseWriter { return w.ResponseWriter }
