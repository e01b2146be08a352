package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestDistribution3: push, pull, list-tags and delete with today's registry; plain, with
// TLS, with a password, with tokens.
func TestDistribution3(t *testing.T) {
	withRegistries(t, func(t *testing.T, o registrytest.Options) (host, certDir string) {
		r := registrytest.Start(t, o)
		return r.Host, r.CertDir
	})
}

// TestDistribution2: what Pouch says to the registry of today's Go module it also says
// to one that is years older.
func TestDistribution2(t *testing.T) {
	withRegistries(t, func(t *testing.T, o registrytest.Options) (host, certDir string) {
		return registrytest.StartProgram(t, o)
	})
}

func withRegistries(t *testing.T, start func(*testing.T, registrytest.Options) (host, certDir string)) {
	t.Helper()
	for name, o := range map[string]registrytest.Options{
		"http": {}, "tls": {TLS: true}, "basic": {TLS: true, User: "u", Password: "p"}, "token": {User: "u", Password: "p", Token: true},
	} {
		t.Run(name, func(t *testing.T) {
			pulled(t, "dist2-"+name+":1", registrytest.Kind{})
			host, certs := start(t, o)
			var with []string
			if o.TLS {
				with = append(with, "--tls-verify", "--cert-dir", certs)
				expect(t, 77, ``, `certificate`, "push", "--tls-verify", "dist2-"+name+":1", host+"/dist/app:1")
			}
			if o.User != "" {
				expect(t, 77, ``, host, append([]string{"push", "dist2-" + name + ":1", host + "/dist/app:1"}, with...)...)
				with = append(with, "--creds", "u:p")
			}
			do := func(out string, args ...string) {
				t.Helper()
				expect(t, 0, out, ``, append(append([]string{args[0]}, with...), args[1:]...)...)
			}
			do(`sha256:\S+\n`, "push", "-q", "dist2-"+name+":1", host+"/dist/app:1")
			do(`sha256:\S+\n`, "push", "-q", "dist2-"+name+":1", host+"/dist/app:2")
			do(`1\n2\n|2\n1\n`, "list-tags", host+"/dist/app")
			expect(t, 0, `(?s).*`, ``, "rm", "dist2-"+name+":1")
			do(`.*/dist/app:2\n`, "pull", "-q", host+"/dist/app:2")
			do(`(?s).*`, "delete", "docker://"+host+"/dist/app:1")
			expect(t, 0, `(?s).*`, ``, "rm", host+"/dist/app:2")
			r := pouch(t, append(append([]string{"pull"}, with...), "-q", host+"/dist/app:1")...)
			if r.code == 0 || !strings.Contains(r.stderr, "404") && !strings.Contains(r.stderr, "unknown") {
				t.Errorf("what was deleted: %+v", r)
			}
		})
	}
	noLeases(t)
}

// TestDistribution2Resume: a blob whose connection breaks is gone on with where it was.
func TestDistribution2Resume(t *testing.T) {
	host, _ := registrytest.StartProgram(t, registrytest.Options{})
	up, err := url.Parse("http://" + host)
	if err != nil {
		t.Fatal(err)
	}
	data := registrytest.Noise(3 << 20)
	img := registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t, registrytest.File{Name: "noise", Body: data}))
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", img)
	expect(t, 0, `sha256:.*\n`, ``, "copy", "-q", "docker://"+r.Host+"/x:1", "docker://"+host+"/x:1")
	fault := &registrytest.Fault{Path: "/blobs/" + digest.FromBytes(img.Layers[0]).String(), Cut: 2 << 20, Times: 1}
	proxy := httputil.NewSingleHostReverseProxy(up)
	front := fault.Front()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { front(w, q, proxy) }))
	t.Cleanup(s.Close)
	ref := strings.TrimPrefix(s.URL, "http://") + "/x:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", "--retry-delay", "1ms", ref)
	ranges := fault.Ranges()
	if len(ranges) != 2 || ranges[1] == "" || fault.Sent() > len(img.Layers[0])+512<<10 {
		t.Errorf("ranges %q; %d bytes were sent of a blob of %d", ranges, fault.Sent(), len(img.Layers[0]))
	}
	expect(t, 0, `(?s).*`, ``, "rm", ref)
}
