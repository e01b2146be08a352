package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// HTTP_PROXY is obeyed, and NO_PROXY too.
func TestProxy(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", img)
	var through atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodConnect || q.URL.Host != "registry.test" {
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
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	}))
	defer proxy.Close()
	c := command(t, "pull", "-q", "--tls-verify=false", "registry.test/x:1")
	c.Env = append(c.Env, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL)
	if got := do(t, c); got.code != 0 || through.Load() == 0 {
		t.Errorf("%+v, %d requests through the proxy", got, through.Load())
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "registry.test/x:1")
	through.Store(0)
	c = command(t, "pull", "-q", "--tls-verify=false", "--retry", "0", "registry.test/x:1")
	c.Env = append(c.Env, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=registry.test")
	if got := do(t, c); got.code != 75 || through.Load() != 0 {
		t.Errorf("with NO_PROXY: %+v, %d requests through the proxy", got, through.Load())
	}
}
