package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

type front = func(http.ResponseWriter, *http.Request, http.Handler)

// only passes requests for paths with part to bad as long as on is true, once the file
// at first is there.
func only(part, first string, on *atomic.Bool, bad front) front {
	return func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		if on.Load() && q.Method == http.MethodGet && strings.Contains(q.URL.Path, part) {
			for _, err := os.Stat(first); err != nil && q.Context().Err() == nil; _, err = os.Stat(first) {
				time.Sleep(5 * time.Millisecond)
			}
			bad(w, q, registry)
			return
		}
		registry.ServeHTTP(w, q)
	}
}

// answers sends body with a length, or none when length is negative.
func answers(code int, body []byte, length int) front {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if length >= 0 {
			w.Header().Set("Content-Length", fmt.Sprint(length))
		}
		w.WriteHeader(code)
		w.Write(body)
		w.(http.Flusher).Flush()
	}
}

// stalls sends body, which is not all, and then nothing.
func stalls(body []byte, length int) front {
	return func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		answers(http.StatusOK, body, length)(w, q, registry)
		<-q.Context().Done()
	}
}

// drips sends a byte every 20 milliseconds.
func drips(body []byte) front {
	return func(w http.ResponseWriter, q *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		for tick := time.Tick(20 * time.Millisecond); len(body) > 0; body = body[1:] {
			select {
			case <-q.Context().Done():
				return
			case <-tick:
				w.Write(body[:1])
				w.(http.Flusher).Flush()
			}
		}
	}
}

// breaks sends text in place of an answer, and closes the connection.
func breaks(text string) front {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		if text == "" {
			c.(*net.TCPConn).SetLinger(0) // a reset
		}
		c.Write([]byte(text))
		c.Close()
	}
}

// redirects sends elsewhere; to nowhere in a circle.
func redirects(to string) front {
	return func(w http.ResponseWriter, q *http.Request, _ http.Handler) {
		w.Header().Set("Location", cmp.Or(to, q.URL.Path))
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

// fault is what happens to a layer, and what the pull is to say.
type fault struct {
	bad    func(layer []byte) front
	code   int
	stderr string
	args   []string // nil: no further try
}

// TestFaults: whatever goes wrong with a layer, the pull ends in time with the right
// code and names nothing, and the next one fetches what is missing and no byte more.
func TestFaults(t *testing.T) {
	const within = 150 * time.Second
	cut := func(f *registrytest.Fault) func([]byte) front {
		return func([]byte) front { f.Path = "/blobs/"; return f.Front() }
	}
	as := func(bad front) func([]byte) front { return func([]byte) front { return bad } }
	twisted := func(l []byte) []byte { return append([]byte{l[0] ^ 1}, l[1:]...) }
	slow := []string{"--deadline", "5s", "--retry", "9"} // the first layer is to be here by then
	faults := map[string]fault{
		"cut":               {cut(&registrytest.Fault{Cut: 300 << 10}), 75, `broken off at byte \d+ of \d+`, nil},
		"ends early":        {cut(&registrytest.Fault{Cut: 300 << 10, Polite: true}), 75, `ended after \d+ of \d+ bytes`, nil},
		"cut, then 500":     {cut(&registrytest.Fault{Cut: 300 << 10, Then: http.StatusInternalServerError}), 75, `500`, []string{"--retry", "1"}},
		"cut, then 429":     {cut(&registrytest.Fault{Cut: 300 << 10, Then: http.StatusTooManyRequests}), 75, `broken off at byte \d+ of \d+`, nil},
		"cut, then 403":     {cut(&registrytest.Fault{Cut: 300 << 10, Then: http.StatusForbidden}), 77, `403`, []string{"--retry", "2"}},
		"cut, then 404":     {cut(&registrytest.Fault{Cut: 300 << 10, Then: http.StatusNotFound}), 1, `404`, []string{"--retry", "2"}},
		"stalls":            {func(l []byte) front { return stalls(l[:300<<10], len(l)) }, 75, `not done after 5s`, slow},
		"drips":             {func(l []byte) front { return drips(l) }, 75, `not done after 5s`, slow},
		"no answer":         {func(l []byte) front { return stalls(nil, len(l)) }, 75, `not done after 5s`, slow},
		"429":               {as(answers(http.StatusTooManyRequests, nil, 0)), 75, `429|[Tt]oo many requests|not done after 5s`, slow},
		"500":               {as(answers(http.StatusInternalServerError, nil, 0)), 75, `500`, nil},
		"502 with a page":   {as(answers(http.StatusBadGateway, []byte("<html>no</html>"), 15)), 75, `502`, nil},
		"reset":             {as(breaks("")), 75, `reset|EOF`, nil},
		"no HTTP":           {as(breaks("220 mail.example ESMTP\r\n")), 75, `malformed`, nil},
		"redirected round":  {as(redirects("")), 75, `redirects`, nil},
		"another content":   {func(l []byte) front { return answers(http.StatusOK, twisted(l), len(l)) }, 65, `digest`, nil},
		"a page":            {as(answers(http.StatusOK, []byte("<html>log in</html>"), 19)), 65, `19 bytes offered, the manifest says \d+`, nil},
		"longer":            {func(l []byte) front { return answers(http.StatusOK, append(bytes.Clone(l), 0), len(l)+1) }, 65, `\d+ bytes offered, the manifest says \d+`, nil},
		"longer, no length": {func(l []byte) front { return answers(http.StatusOK, append(bytes.Clone(l), 0), -1) }, 65, `longer than the \d+ bytes`, nil},
		"endless": {func(l []byte) front {
			return answers(http.StatusOK, append(bytes.Clone(l), make([]byte, 64<<20)...), -1)
		}, 65, `longer than the \d+ bytes`, nil},
		"shorter": {func(l []byte) front { return answers(http.StatusOK, l[:len(l)-1], len(l)-1) }, 65, `\d+ bytes offered, the manifest says \d+`, nil},
	}
	t.Run("faults", func(t *testing.T) {
		for name, f := range faults {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				pullThrough(t, f, within)
			})
		}
	})
	noLeases(t)
	nothingStored(t)
}

// pullThrough pulls an image whose second layer has the fault, and then without.
func pullThrough(t *testing.T, f fault, within time.Duration) {
	t.Helper()
	img, total := heavy(t, 3, 1<<20)
	layer := img.Layers[1]
	part := "/blobs/" + digest.FromBytes(layer).String()
	first := filepath.Join(contentDir(), "blobs", "sha256", digest.FromBytes(img.Layers[0]).Encoded())
	var on atomic.Bool
	on.Store(true)
	m, bad := &registrytest.Meter{}, f.bad(layer)
	var met atomic.Bool
	r := registrytest.Start(t, registrytest.Options{Front: m.Front(only(part, first, &on, func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		met.Store(true)
		bad(w, q, registry)
	}))})
	r.Push(t, "fault", "1", img)
	ref := r.Host + "/fault:1"
	start := time.Now()
	args := f.args
	if args == nil {
		args = []string{"--retry", "0"}
	}
	expect(t, f.code, ``, f.stderr, append(append([]string{"pull", "-q", "--retry-delay", "1ms"}, args...), ref)...)
	if took := time.Since(start); took > within {
		t.Errorf("it took %v", took)
	}
	expect(t, 0, ``, ``, "ls", "-q", ref)
	on.Store(false)
	had := layersStored(t, img)
	m.Reset()
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	sent := 0
	for _, l := range img.Layers {
		sent += m.Sent(digest.FromBytes(l).String())
	}
	if sent != total-had {
		t.Errorf("%d bytes of the layers were sent; %d of %d were here", sent, had, total)
	}
	if !met.Load() && f.args == nil {
		t.Error("the fault was not met")
	}
	if met.Load() && had < len(img.Layers[0]) { // a busy machine may not come that far before a deadline
		t.Errorf("%d bytes were here after the first pull, not even the first layer of %d", had, len(img.Layers[0]))
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
}

// layersStored is how many bytes of an image's layers are in the content store, as
// blobs or as parts of them.
func layersStored(t *testing.T, img registrytest.Image) (n int) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(contentDir(), "ingest", "*", "ref"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range img.Layers {
		d := digest.FromBytes(l)
		n += int(length(t, filepath.Join(contentDir(), "blobs", "sha256", d.Encoded())))
		for _, p := range parts {
			if ref, err := os.ReadFile(p); err == nil && strings.HasSuffix(string(ref), d.String()) {
				n += int(length(t, filepath.Join(filepath.Dir(p), "data")))
			}
		}
	}
	return n
}

// contentDir is the content store of the tests' engine.
func contentDir() string {
	return filepath.Join(base, "l", "engine", "io.containerd.content.v1.content")
}
