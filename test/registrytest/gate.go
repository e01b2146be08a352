package registrytest

import (
	"net/http"
	"strings"
	"sync"
)

// Gate lets so many bytes of layers through, and holds all that would be more.
type Gate struct {
	mu    sync.Mutex
	moved sync.Cond
	limit int
	sent  int
	open  bool
	held  chan struct{} // closed at the limit
}

// NewGate returns a gate that holds nothing yet.
func NewGate() *Gate {
	g := &Gate{open: true, held: make(chan struct{})}
	g.moved.L = &g.mu
	return g
}

// Hold lets n bytes pass, counted from now, and returns what is closed when they
// have.
func (g *Gate) Hold(n int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.limit, g.held = false, g.sent+n, make(chan struct{})
	return g.held
}

// Open lets everything pass.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
	g.moved.Broadcast()
}

// Sent is how many bytes of blobs have passed.
func (g *Gate) Sent() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sent
}

// Front is the gate as Options.Front.
func (g *Gate) Front(w http.ResponseWriter, q *http.Request, registry http.Handler) {
	if q.Method == http.MethodGet && strings.Contains(q.URL.Path, "/blobs/") {
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			select {
			case <-q.Context().Done():
				g.moved.Broadcast()
			case <-stop:
			}
		}()
		w = &gated{w, g, q}
	}
	registry.ServeHTTP(w, q)
}

type gated struct {
	http.ResponseWriter
	g *Gate
	q *http.Request
}

// Write implements io.Writer.
func (w *gated) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n := w.g.pass(len(p)-done, w.q)
		if n == 0 {
			return done, w.q.Context().Err()
		}
		m, err := w.ResponseWriter.Write(p[done : done+n])
		w.ResponseWriter.(http.Flusher).Flush()
		done += m
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// pass returns how many of n bytes may go; none when the client is gone.
func (g *Gate) pass(n int, q *http.Request) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.open && g.sent >= g.limit {
		select {
		case <-g.held:
		default:
			close(g.held)
		}
		if q.Context().Err() != nil {
			return 0
		}
		g.moved.Wait()
	}
	if q.Context().Err() != nil {
		return 0
	}
	n = min(n, 32<<10)
	if !g.open {
		n = min(n, g.limit-g.sent)
	}
	g.sent += n
	return n
}
