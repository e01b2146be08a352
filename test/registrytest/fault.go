package registrytest

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// Noise is content that no other test has and nothing compresses.
func Noise(n int) []byte {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	b := make([]byte, n)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// Fault misbehaves for the requests whose path contains Path, and counts what it
// sends of their bodies.
type Fault struct {
	Path       string
	Cut        int  // bytes of a body after which the connection breaks; 0: it does not
	Times      int  // how often; 0: always
	Polite     bool // the cut answer has no length: it ends as if it were whole
	Stall      bool // nothing comes after the cut, and the connection stays
	NoRange    bool // ranges are passed over
	BadRange   bool // ranges are answered with 416
	WrongRange bool // of a range the first bytes of the blob come
	Then       int  // status of every second request, with Retry-After: 0

	mu       sync.Mutex
	requests int
	cuts     int
	sent     int
	ranges   []string
}

// Sent is how many bytes of bodies were sent.
func (f *Fault) Sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// Ranges are the Range headers of the requests, empty for none.
func (f *Fault) Ranges() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.ranges...)
}

// Heal makes it behave from now on, and begins to count anew.
func (f *Fault) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Cut, f.Then, f.sent, f.ranges = 0, 0, 0, nil
}

// Front is the fault as Options.Front.
func (f *Fault) Front() func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		if f.Path == "" || !strings.Contains(q.URL.Path, f.Path) || q.Method != http.MethodGet {
			registry.ServeHTTP(w, q)
			return
		}
		f.serve(w, q, registry)
	}
}

func (f *Fault) serve(w http.ResponseWriter, q *http.Request, registry http.Handler) {
	asked := q.Header.Get("Range")
	cut, refuse := f.plan(asked)
	switch {
	case refuse:
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(f.Then)
		return
	case asked != "" && f.BadRange:
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	case asked != "" && (f.NoRange || f.WrongRange):
		q = q.Clone(q.Context())
		q.Header.Del("Range")
	}
	rec := httptest.NewRecorder()
	registry.ServeHTTP(rec, q)
	body := rec.Body.Bytes()
	if asked != "" && f.WrongRange {
		body, rec.Code = body[:len(body)-start(asked)], http.StatusPartialContent
		rec.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/*", start(asked), start(asked)+len(body)-1))
	}
	maps.Copy(w.Header(), rec.Header())
	f.send(w, q, rec.Code, body, cut)
}

// plan decides what to do with a request.
func (f *Fault) plan(asked string) (cut int, refuse bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	f.ranges = append(f.ranges, asked)
	if f.Then != 0 && f.requests%2 == 0 {
		return 0, true
	}
	if f.Times > 0 && f.cuts >= f.Times {
		return 0, false
	}
	return f.Cut, false
}

func (f *Fault) send(w http.ResponseWriter, q *http.Request, code int, body []byte, cut int) {
	whole := cut == 0 || cut >= len(body)
	if whole {
		cut = len(body)
	}
	if f.Polite && !whole {
		w.Header().Del("Content-Length")
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(code)
	n, _ := bytes.NewReader(body[:cut]).WriteTo(w)
	w.(http.Flusher).Flush()
	f.mu.Lock()
	f.sent += int(n)
	if !whole {
		f.cuts++
	}
	f.mu.Unlock()
	switch {
	case whole || f.Polite:
	case f.Stall:
		<-q.Context().Done()
	default:
		panic(http.ErrAbortHandler)
	}
}

// start is the first byte of "bytes=N-".
func start(header string) int {
	digits, _, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
