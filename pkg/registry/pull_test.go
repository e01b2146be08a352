package registry

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

func small(t *testing.T, k registrytest.Kind) registrytest.Image {
	return registrytest.Build(t, k,
		registrytest.Tar(t, registrytest.File{Name: "a", Body: bytes.Repeat([]byte("a"), 100_000)}),
		registrytest.Tar(t, registrytest.File{Name: "b", Body: []byte("b")}))
}

// pull is Pull without the files of this machine.
func pull(t *testing.T, st Store, ref string, o Options, w Watcher) (*Image, error) {
	t.Helper()
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(t.TempDir(), "none.json"))
	return Pull(t.Context(), st, ref, o, w)
}

func TestPullForms(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	for name, k := range map[string]registrytest.Kind{"oci": {}, "docker": {Docker: true}, "zstd": {Zstd: true}} {
		img := small(t, k)
		want := r.Push(t, name, "1", img)
		st := newMemory()
		var order []string
		got, err := pull(t, st, r.Host+"/"+name+":1", Options{}, Watcher{
			Image: func(m *ocispec.Manifest, _ []byte) { order = append(order, "image "+m.Config.Digest.String()) },
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Digest != want || got.Target.Digest != want || got.Target.MediaType != img.MediaType || !bytes.Equal(got.Config, img.Config) {
			t.Errorf("%s: got %+v, want %s", name, got, want)
		}
		for _, b := range append(img.Layers, img.Config, img.Manifest) {
			if !bytes.Equal(st.blobs[digest.FromBytes(b)], b) {
				t.Errorf("%s: blob %s is not stored as it was", name, digest.FromBytes(b))
			}
		}
		if len(order) != 1 || order[0] != "image "+img.ID().String() {
			t.Errorf("%s: told of %v", name, order)
		}
		before := st.puts
		if _, err := pull(t, st, r.Host+"/"+name+":1", Options{}, Watcher{}); err != nil || st.puts > before+1 { // the config comes along
			t.Errorf("%s: again: %v, %d puts", name, err, st.puts-before)
		}
	}
}

func TestPullChoosesPlatform(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	amd, arm := small(t, registrytest.Kind{Arch: "amd64"}), small(t, registrytest.Kind{Arch: "arm64"})
	index := r.Push(t, "multi", "1", amd, arm)
	for platform, want := range map[string]registrytest.Image{"linux/amd64": amd, "linux/arm64": arm, "linux/x86_64": amd} {
		st := newMemory()
		got, err := pull(t, st, r.Host+"/multi:1", Options{Platform: platform}, Watcher{})
		if err != nil || got.Digest != want.Digest() || got.Target.Digest != index || st.manifests[index] != want.Digest() {
			t.Errorf("%s: %+v, %v; want %s of index %s", platform, got, err, want.Digest(), index)
		}
	}
	if _, err := pull(t, newMemory(), r.Host+"/multi:1", Options{Platform: "linux/s390x"}, Watcher{}); err == nil {
		t.Error("a platform that is not in the index")
	}
	for _, p := range []string{"linux/", "/", "a/b/c/d"} {
		if _, err := pull(t, newMemory(), r.Host+"/multi:1", Options{Platform: p}, Watcher{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("platform %q: %v", p, err)
		}
	}
	if got, err := pull(t, newMemory(), r.Host+"/multi@"+arm.Digest().String(), Options{Platform: "linux/arm64"}, Watcher{}); err != nil || got.Target.Digest != arm.Digest() {
		t.Errorf("by digest: %+v, %v", got, err)
	}
}

func TestPullTLS(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{TLS: true})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	yes, no := true, false
	for name, c := range map[string]struct {
		o    Options
		good bool
	}{
		"loopback, as docker": {Options{}, true},
		"its CA":              {Options{CertDir: r.CertDir}, true},
		"its CA, verify":      {Options{CertDir: r.CertDir, TLSVerify: &yes}, true},
		"verify without CA":   {Options{TLSVerify: &yes}, false},
		"do not verify":       {Options{TLSVerify: &no}, true},
	} {
		_, err := pull(t, newMemory(), r.Host+"/x:1", c.o, Watcher{})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if !c.good && (err == nil || !strings.Contains(err.Error(), "certificate")) {
			t.Errorf("%s: the error says nothing of the certificate: %v", name, err)
		}
	}
}

func TestPullPassword(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{User: "joe", Password: "right"})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	auth := filepath.Join(t.TempDir(), "auth.json")
	if err := os.WriteFile(auth, []byte(fmt.Sprintf(`{"auths":{%q:{"auth":"am9lOnJpZ2h0"}}}`, r.Host)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    Options
		kind errs.Kind
	}{
		"right":     {Options{Creds: "joe:right"}, ""},
		"auth file": {Options{AuthFile: auth}, ""},
		"wrong":     {Options{Creds: "joe:wrong"}, errs.Denied},
		"none":      {Options{}, errs.Denied},
		"no file":   {Options{AuthFile: auth + "x"}, errs.Invalid},
		"no user":   {Options{Creds: ":x"}, errs.Invalid},
	} {
		_, err := pull(t, newMemory(), r.Host+"/x:1", c.o, Watcher{})
		if c.kind == "" && err != nil || c.kind != "" && !errs.Is(err, c.kind) {
			t.Errorf("%s: %v, want kind %q", name, err, c.kind)
		}
		if err != nil && strings.Contains(err.Error(), "wrong:") {
			t.Errorf("%s: the password is in the error: %v", name, err)
		}
	}
}

func TestPullMissing(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	_, err := pull(t, newMemory(), r.Host+"/x:2", Options{Retry: 5}, Watcher{})
	if !errs.Is(err, errs.NotFound) || !strings.Contains(err.Error(), "manifest unknown") || !strings.Contains(err.Error(), r.Host+"/x:2") {
		t.Errorf("unknown tag: %v", err)
	}
	start := time.Now()
	_, err = pull(t, newMemory(), "127.0.0.1:1/x:1", Options{Retry: 5}, Watcher{})
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "127.0.0.1:1") || time.Since(start) > time.Minute {
		t.Errorf("nobody listens: %v after %v", err, time.Since(start))
	}
	if _, err := pull(t, newMemory(), "BAD:1", Options{}, Watcher{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("no reference: %v", err)
	}
}

// lie replaces the body of answers for paths that contain part.
func lie(part string, body []byte) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, upstream http.Handler) {
		if !strings.Contains(r.URL.Path, part) || r.Method != http.MethodGet {
			upstream.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		upstream.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Header().Del("Docker-Content-Digest")
		w.WriteHeader(rec.Code)
		w.Write(body)
	}
}

func TestPullLies(t *testing.T) {
	img := small(t, registrytest.Kind{})
	layer, config := img.Layers[0], img.Config
	twisted := func(b []byte) []byte { return append([]byte{b[0] ^ 1}, b[1:]...) }
	both := []byte(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"digest":%q,"size":2},"layers":[],"manifests":[]}`, ocispec.MediaTypeImageManifest, img.ID()))
	blob := func(b []byte) string { return "/blobs/" + digest.FromBytes(b).String() }
	for name, c := range map[string]struct {
		front func(http.ResponseWriter, *http.Request, http.Handler)
		ref   string
		kind  errs.Kind
	}{
		"layer of another content": {lie(blob(layer), twisted(layer)), ":1", errs.Corrupt},
		"layer with more":          {lie(blob(layer), append(slices.Clip(layer), 1)), ":1", errs.Corrupt},
		"layer with less":          {lie(blob(layer), layer[:len(layer)-1]), ":1", errs.Corrupt},
		"config of another":        {lie(blob(config), twisted(config)), ":1", errs.Corrupt},
		"manifest of another":      {lie("/manifests/", append(slices.Clip(img.Manifest), ' ')), "@" + img.Digest().String(), errs.Corrupt},
		"CVE-2021-41190":           {lie("/manifests/", both), ":1", errs.Corrupt},
		"huge manifest":            {lie("/manifests/", append(slices.Clip(img.Manifest), bytes.Repeat([]byte(" "), 5<<20)...)), ":1", ""},
		"no manifest":              {lie("/manifests/", []byte("{}")), ":1", ""},
	} {
		r := registrytest.Start(t, registrytest.Options{Front: c.front})
		r.Push(t, "x", "1", img)
		_, err := pull(t, newMemory(), r.Host+"/x"+c.ref, Options{}, Watcher{})
		if err == nil || c.kind != "" && !errs.Is(err, c.kind) {
			t.Errorf("%s: %v, want kind %q", name, err, c.kind)
		}
	}
}

// A registry that stops in the middle of a blob ends the pull, and one that
// fails once does not.
func TestPullStallsAndRetries(t *testing.T) {
	img := small(t, registrytest.Kind{})
	path := "/blobs/" + digest.FromBytes(img.Layers[0]).String()
	var stall, fail atomic.Bool
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		switch {
		case strings.Contains(q.URL.Path, path) && stall.Load():
			w.Header().Set("Content-Length", fmt.Sprint(len(img.Layers[0])))
			w.Write(img.Layers[0][:10])
			w.(http.Flusher).Flush()
			<-q.Context().Done()
		case strings.Contains(q.URL.Path, path) && fail.CompareAndSwap(true, false):
			w.WriteHeader(http.StatusBadGateway)
		default:
			upstream.ServeHTTP(w, q)
		}
	}})
	r.Push(t, "x", "1", img)
	stall.Store(true)
	start := time.Now()
	_, err := pull(t, newMemory(), r.Host+"/x:1", Options{Idle: 2 * time.Second}, Watcher{})
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "nothing received for 2s") || time.Since(start) > time.Minute {
		t.Errorf("stalled: %v after %v", err, time.Since(start))
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Pull(ctx, newMemory(), r.Host+"/x:1", Options{}, Watcher{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	stall.Store(false)
	fail.Store(true)
	if _, err := pull(t, newMemory(), r.Host+"/x:1", Options{Retry: 1}, Watcher{}); err != nil || fail.Load() {
		t.Errorf("after a 502: %v", err)
	}
	fail.Store(true)
	if _, err := pull(t, newMemory(), r.Host+"/x:1", Options{}, Watcher{}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a 502: %v", err)
	}
}

// Credentials go to the registry that they are for and to nobody else.
func TestCredentialsStay(t *testing.T) {
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			leaked.Store(true)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer other.Close()
	img := small(t, registrytest.Kind{})
	blob := "/blobs/" + digest.FromBytes(img.Layers[0]).String()
	r := registrytest.Start(t, registrytest.Options{User: "joe", Password: "right", Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		if strings.Contains(q.URL.Path, blob) {
			http.Redirect(w, q, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/stolen", http.StatusTemporaryRedirect)
			return
		}
		upstream.ServeHTTP(w, q)
	}})
	r.Push(t, "x", "1", img)
	if _, err := pull(t, newMemory(), r.Host+"/x:1", Options{Creds: "joe:right"}, Watcher{}); err == nil {
		t.Error("a layer from elsewhere")
	}
	if leaked.Load() {
		t.Error("the password went to another host (CVE-2020-15157)")
	}
}

func TestPolicy(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}), small(t, registrytest.Kind{Arch: "s390x"}))
	for text, kind := range map[string]errs.Kind{
		`{"default":[{"type":"reject"}]}`:                 errs.Denied,
		`{"default":[{"type":"insecureAcceptAnything"}]}`: "",
		`{"default":[{"type":"reject"}],"transports":{"docker":{"` + r.Host + `/x":[{"type":"insecureAcceptAnything"}]}}}`: "",
		`{`: errs.Denied,
		`{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/nosuch"}]}`: errs.Denied,
	} {
		path := filepath.Join(t.TempDir(), "policy.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		st := newMemory()
		_, err := pull(t, st, r.Host+"/x:1", Options{Policy: path}, Watcher{})
		if kind == "" && err != nil || kind != "" && !errs.Is(err, kind) {
			t.Errorf("%s: %v, want kind %q", text, err, kind)
		}
		if kind != "" && len(st.blobs) > 0 {
			t.Errorf("%s: refused, and %d blobs stored", text, len(st.blobs))
		}
	}
}
