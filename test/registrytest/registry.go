// Package registrytest runs a real registry (distribution) inside a test, on
// loopback: plain, behind TLS with a CA of its own, with a password, or with a
// handler in front that misbehaves.
package registrytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd" // --creds
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory" // its blobs
	"github.com/opencontainers/go-digest"
	"github.com/sirupsen/logrus"
	"golang.org/x/crypto/bcrypt"
)

// Options of a registry.
type Options struct {
	TLS            bool
	User, Password string // empty: anybody
	Token          bool   // a token server knows them, and not the registry itself
	Upstream       string // host of the registry that this one is a pull-through cache of
	// Front, when set, is asked for every request with the registry behind it.
	Front func(w http.ResponseWriter, r *http.Request, registry http.Handler)
}

// Registry is a registry that runs until its test ends.
type Registry struct {
	Host    string // address:port
	CertDir string // with ca.crt, when it has TLS
	app     http.Handler
	o       Options
	tokens  *tokens
	stop    func()
}

// Start starts a registry.
func Start(t testing.TB, o Options) *Registry {
	t.Helper()
	logrus.SetOutput(io.Discard) // the registry's own log
	c := &configuration.Configuration{Storage: configuration.Storage{"inmemory": nil, "delete": {"enabled": true}}}
	c.HTTP.Secret = "of a test"
	c.Catalog.MaxEntries = 1000
	c.Log.Level = "panic"
	c.Log.AccessLog.Disabled = true
	if o.Upstream != "" {
		c.Proxy.RemoteURL = "http://" + o.Upstream
	}
	if o.User != "" && !o.Token {
		c.Auth = configuration.Auth{"htpasswd": {"realm": "test", "path": passwords(t, o)}}
	}
	r := &Registry{app: handlers.NewApp(t.Context(), c), o: o}
	if o.Token {
		r.tokens = &tokens{o: o, given: map[string][]string{}}
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	if o.TLS {
		r.CertDir = t.TempDir()
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t, filepath.Join(r.CertDir, "ca.crt"))}}
		s.StartTLS()
	} else {
		s.Start()
	}
	r.Host = s.Listener.Addr().String()
	r.stop = sync.OnceFunc(func() {
		s.CloseClientConnections()
		s.Close()
	})
	t.Cleanup(r.stop)
	return r
}

// Stop ends the registry before its test does.
func (r *Registry) Stop() { r.stop() }

func (r *Registry) serve(w http.ResponseWriter, q *http.Request) {
	if r.tokens != nil && r.tokens.serve(w, q) {
		return
	}
	if r.o.Front != nil {
		r.o.Front(w, q, r.app)
		return
	}
	r.app.ServeHTTP(w, q)
}

func passwords(t testing.TB, o Options) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(o.Password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(path, []byte(o.User+":"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Name is a name that certificates of registries here are made for, and that nobody
// resolves: a proxy knows it.
const Name = "registry.test"

// certificate makes a certificate for loopback and Name that signs itself.
func certificate(t testing.TB, path string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "registrytest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost", Name},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Push puts an image, or an index of them, into the registry and returns the
// digest of what tag now means. It goes past Front.
func (r *Registry) Push(t testing.TB, name, tag string, images ...Image) digest.Digest {
	t.Helper()
	for _, img := range images {
		for _, b := range append(img.Layers, img.Config) {
			r.putBlob(t, name, b)
		}
		r.putManifest(t, name, img.Digest().String(), img.MediaType, img.Manifest)
	}
	if len(images) == 1 {
		return r.putManifest(t, name, tag, images[0].MediaType, images[0].Manifest)
	}
	return r.putManifest(t, name, tag, "application/vnd.oci.image.index.v1+json", index(images))
}

func (r *Registry) putBlob(t testing.TB, name string, data []byte) {
	t.Helper()
	w := r.do(t, http.MethodPost, "/v2/"+name+"/blobs/uploads/", "", nil, http.StatusAccepted)
	at := w.Header().Get("Location")
	at = at[strings.Index(at, "/v2/"):]
	r.do(t, http.MethodPut, at+"&digest="+digest.FromBytes(data).String(), "application/octet-stream", data, http.StatusCreated)
}

func (r *Registry) putManifest(t testing.TB, name, tag, mime string, data []byte) digest.Digest {
	t.Helper()
	r.do(t, http.MethodPut, "/v2/"+name+"/manifests/"+tag, mime, data, http.StatusCreated)
	return digest.FromBytes(data)
}

func (r *Registry) do(t testing.TB, method, path, mime string, body []byte, want int) *httptest.ResponseRecorder {
	t.Helper()
	q := httptest.NewRequest(method, path, bytes.NewReader(body))
	q.Header.Set("Content-Type", mime)
	if r.o.User != "" && !r.o.Token {
		q.SetBasicAuth(r.o.User, r.o.Password)
	}
	w := httptest.NewRecorder()
	r.app.ServeHTTP(w, q)
	if w.Code != want {
		t.Fatal(fmt.Errorf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body))
	}
	return w
}
