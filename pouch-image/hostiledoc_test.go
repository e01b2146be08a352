package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

const indexType = ocispec.MediaTypeImageIndex

// served are documents and blobs, by the last part of a request's path; what is not
// among them is the registry's.
type served map[string][]byte

func (s served) front(w http.ResponseWriter, q *http.Request, registry http.Handler) {
	data, ok := s[path.Base(q.URL.Path)]
	if !ok || q.Method != http.MethodGet && q.Method != http.MethodHead {
		registry.ServeHTTP(w, q)
		return
	}
	kind := "application/octet-stream"
	if strings.Contains(q.URL.Path, "/manifests/") {
		kind = ocispec.MediaTypeImageManifest
		if bytes.Contains(data, []byte(`"manifests"`)) {
			kind = indexType
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if q.Method == http.MethodGet {
		w.Write(data)
	}
}

// honest adds data by its digest, which it returns.
func (s served) honest(data []byte) digest.Digest {
	d := digest.FromBytes(data)
	s[d.String()] = data
	return d
}

// edited is an image's manifest with its parts changed.
func edited(t *testing.T, img registrytest.Image, change func(m *ocispec.Manifest)) []byte {
	t.Helper()
	m := ocispec.Manifest{}
	if err := json.Unmarshal(img.Manifest, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// entry is an entry of an index for data; on this machine's platform, or on none.
func entry(kind string, data []byte, platform bool) string {
	p := ""
	if platform {
		p = fmt.Sprintf(`,"platform":{"os":"linux","architecture":%q}`, runtime.GOARCH)
	}
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d%s}`, kind, digest.FromBytes(data), len(data), p)
}

func indexOf(entries ...string) []byte {
	return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, indexType, strings.Join(entries, ","))
}

// TestHostileDocuments: manifests, indexes and configs that are not what they should
// be are refused with one clear line, and nothing of them stays.
func TestHostileDocuments(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	text := string(img.Manifest)
	layer := digest.FromBytes(img.Layers[1]).String()
	size := fmt.Sprintf(`"size":%d`, len(img.Layers[1]))
	twisted := append([]byte{img.Config[0] ^ 1}, img.Config[1:]...)
	layers := func(n int) []byte {
		return edited(t, img, func(m *ocispec.Manifest) {
			for len(m.Layers) < n {
				m.Layers = append(m.Layers, m.Layers[0])
			}
		})
	}
	config := func(change func(string) string) (served, []byte) {
		s := served{}
		c := []byte(change(string(img.Config)))
		return s, edited(t, img, func(m *ocispec.Manifest) { m.Config.Digest, m.Config.Size = s.honest(c), int64(len(c)) })
	}
	d, before := settledContent(t)
	type document struct {
		code   int
		stderr string
		also   served // besides the manifest
		text   []byte
	}
	of := map[string]document{}
	with := func(name string, code int, stderr string, docs func() (served, []byte)) {
		also, manifest := docs()
		of[name] = document{code, stderr, also, manifest}
	}
	add := func(name string, code int, stderr string, manifest []byte) {
		of[name] = document{code, stderr, served{}, manifest}
	}
	replaced := func(old, by string) []byte {
		if !strings.Contains(text, old) {
			t.Fatalf("the manifest has no %s", old)
		}
		return []byte(strings.Replace(text, old, by, 1))
	}
	add("two kinds in one (CVE-2021-41190)", 65, `ambiguous`, []byte(strings.TrimSuffix(text, "}")+`,"manifests":[]}`))
	add("a negative size (CVE-2026-95839)", 65, `cannot be -1 bytes`, replaced(size, `"size":-1`))
	add("a size of 2^63", 65, `cannot unmarshal|manifest`, replaced(size, `"size":9223372036854775808`))
	add("a size of 2^62", 65, `cannot be 4611686018427387904 bytes`, replaced(size, `"size":4611686018427387904`))
	add("a larger size", 65, `the manifest says 1000000`, replaced(size, `"size":1000000`))
	add("no size", 65, `digest|the manifest says 0`, replaced(size, `"size":0`))
	add("a digest that climbs (CVE-2024-3727)", 65, `digest`, replaced(layer, "../../../../../../etc/passwd"))
	add("a digest of dots", 65, `digest`, replaced(layer, "sha256:../../../../etc/passwd"))
	add("a digest of another length", 65, `digest`, replaced(layer, "sha256:abcd"))
	add("an unknown digest", 65, `digest`, replaced(layer, "md5:d41d8cd98f00b204e9800998ecf8427e"))
	add("100,000 layers (CVE-2026-53493)", 65, `more than 500 layers|too large`, layers(100_000))
	add("501 layers", 65, `more than 500 layers`, layers(501))
	add("two layers more than the config", 65, `2 layers, the manifest has 4`, layers(4))
	add("no layers", 65, `2 layers, the manifest has 0`, edited(t, img, func(m *ocispec.Manifest) { m.Layers = nil }))
	add("deep (CVE-2021-21285)", 65, `manifest`, []byte(strings.Repeat("[", 1<<20)))
	add("null", 1, `not an image|manifest`, []byte("null"))
	add("a number", 65, `manifest`, []byte("7"))
	add("nothing", 65, `manifest`, nil)
	add("cut off", 65, `manifest`, img.Manifest[:len(img.Manifest)/2])
	add("a page", 65, `manifest`, []byte("<html></html>"))
	add("a chart", 1, `not a container image but application/vnd.cncf.helm.config.v1\+json`, replaced(ocispec.MediaTypeImageConfig, "application/vnd.cncf.helm.config.v1+json"))
	add("layers that are pages", 1, `text/html`, replaced(ocispec.MediaTypeImageLayerGzip, "text/html"))
	add("layers that are encrypted", 1, `encrypted`, replaced(ocispec.MediaTypeImageLayerGzip, ocispec.MediaTypeImageLayerGzip+"+encrypted"))
	add("an empty index", 1, `no image found|linux`, indexOf())
	add("100,000 entries", 65, `more than 10000 entries|too large`, indexOf(strings.Split(strings.Repeat(entry(ocispec.MediaTypeImageManifest, img.Manifest, true)+" ", 19_999)+"{}", " ")...))
	with("an index in an index", 1, `an index in an index`, func() (served, []byte) {
		s := served{}
		inner := indexOf(entry(ocispec.MediaTypeImageManifest, img.Manifest, true))
		s.honest(inner)
		return s, indexOf(entry(indexType, inner, true))
	})
	with("an index that contains itself", 65, `another digest|digest`, func() (served, []byte) {
		self := indexOf(entry(indexType, []byte("x"), true))
		return served{digest.FromString("x").String(): self}, self
	})
	with("a config of another digest", 65, `digest`, func() (served, []byte) {
		return served{img.ID().String(): twisted}, img.Manifest
	})
	with("an endless config", 65, `bytes offered, the manifest says`, func() (served, []byte) {
		return served{img.ID().String(): bytes.Repeat([]byte(" "), 16<<20)}, img.Manifest
	})
	add("a config of 4 GiB", 65, `larger than`, edited(t, img, func(m *ocispec.Manifest) { m.Config.Size = 4 << 30 }))
	with("a config that is null", 65, `0 layers`, func() (served, []byte) { return config(func(string) string { return "null" }) })
	with("a config that is a list", 65, `config`, func() (served, []byte) { return config(func(string) string { return "[]" }) })
	with("a diff id that climbs", 65, `digest`, func() (served, []byte) {
		return config(func(c string) string {
			return strings.Replace(c, `"diff_ids":["sha256:`, `"diff_ids":["sha256:../../`, 1)
		})
	})
	for name, c := range of {
		t.Run(name, func(t *testing.T) {
			c.also["1"] = c.text
			r := registrytest.Start(t, registrytest.Options{Front: c.also.front})
			r.Push(t, "x", "good", img)
			start := time.Now()
			got := pouch(t, "pull", "-q", "--retry", "0", r.Host+"/x:1")
			if got.code != c.code || got.out != "" || !matches(c.stderr, got.stderr) || strings.Count(got.stderr, "\n") != 1 || len(got.stderr) > 2000 {
				t.Errorf("exit %d, want %d; stdout %q; stderr %.2000q, want %q", got.code, c.code, got.out, got.stderr, c.stderr)
			}
			if took := time.Since(start); took > 150*time.Second {
				t.Errorf("it took %v", took)
			}
			expect(t, 1, ``, ``, "exists", r.Host+"/x:1")
		})
	}
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
	d.becomes(t, before)
	noLeases(t)
}
