package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// tunnels is a proxy that knows CONNECT to registrytest.Name, which it takes for host,
// and counts.
func tunnels(t *testing.T, host string, count *atomic.Int32) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodConnect || q.Host != registrytest.Name+":443" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		count.Add(1)
		there, err := net.Dial("tcp", host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer here.Close()
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(there, here)
		io.Copy(here, there)
	}))
	t.Cleanup(s.Close)
	return s
}

// HTTPS_PROXY is obeyed: the registry's certificate is that of the registry, and what
// the proxy forbids or does not reach is told.
func TestProxyTunnel(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{TLS: true, User: "u", Password: "p"})
	r.Push(t, "x", "1", busybox(t, registrytest.Kind{}))
	var through atomic.Int32
	proxy := tunnels(t, r.Host, &through)
	pull := func(name string, env ...string) result {
		c := command(t, "pull", "-q", "--retry", "0", "--cert-dir", r.CertDir, "--creds", "u:p", name+"/x:1")
		c.Env = append(c.Env, env...)
		return do(t, c)
	}
	if got := pull(registrytest.Name, "HTTPS_PROXY="+proxy.URL); got.code != 0 || through.Load() == 0 {
		t.Errorf("%+v, %d tunnels", got, through.Load())
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", registrytest.Name+"/x:1")
	before := through.Load()
	if got := pull(registrytest.Name, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=.test"); got.code != 75 || through.Load() != before {
		t.Errorf("with NO_PROXY: %+v", got)
	}
	if got := pull("other.test", "HTTPS_PROXY="+proxy.URL); got.code == 0 || !strings.Contains(got.stderr, "Forbidden") {
		t.Errorf("what the proxy forbids: %+v", got)
	}
	if got := pull(registrytest.Name, "HTTPS_PROXY=http://127.0.0.1:1"); got.code != 75 || !strings.Contains(got.stderr, "proxyconnect") {
		t.Errorf("a proxy that is not there: %+v", got)
	}
}

// A registry that registries.conf calls insecure may go without TLS, another may not.
func TestInsecure(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", busybox(t, registrytest.Kind{}))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: r.Host}).ServeHTTP(w, q)
	}))
	defer proxy.Close()
	conf := filepath.Join(t.TempDir(), "registries.conf")
	for _, insecure := range []bool{false, true} {
		if err := os.WriteFile(conf, fmt.Appendf(nil, "[[registry]]\nlocation = %q\ninsecure = %v\n", registrytest.Name, insecure), 0o600); err != nil {
			t.Fatal(err)
		}
		c := command(t, "pull", "-q", "--retry", "0", registrytest.Name+"/x:1")
		c.Env = append(c.Env, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "CONTAINERS_REGISTRIES_CONF="+conf)
		if got := do(t, c); (got.code == 0) != insecure {
			t.Errorf("insecure = %v: %+v", insecure, got)
		}
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", registrytest.Name+"/x:1")
}

// HTTP_PROXY is obeyed, and NO_PROXY too.
func TestProxy(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", img)
	var through atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodConnect || q.URL.Host != registrytest.Name {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		through.Add(1)
		q.URL.Host, q.RequestURI = r.Host, ""
		resp, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	}))
	defer proxy.Close()
	c := command(t, "pull", "-q", "--tls-verify=false", registrytest.Name+"/x:1")
	c.Env = append(c.Env, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL)
	if got := do(t, c); got.code != 0 || through.Load() == 0 {
		t.Errorf("%+v, %d requests through the proxy", got, through.Load())
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", registrytest.Name+"/x:1")
	through.Store(0)
	c = command(t, "pull", "-q", "--tls-verify=false", "--retry", "0", registrytest.Name+"/x:1")
	c.Env = append(c.Env, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "NO_PROXY="+registrytest.Name)
	if got := do(t, c); got.code != 75 || through.Load() != 0 {
		t.Errorf("with NO_PROXY: %+v, %d requests through the proxy", got, through.Load())
	}
}
