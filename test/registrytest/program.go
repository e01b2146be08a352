package registrytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// programStart is how long a registry may take to listen.
const programStart = 2 * time.Minute

// StartProgram starts Debian's docker-registry (distribution 2.8) with the options that
// do not need a handler in front, its blobs in a temporary folder, and returns its
// address and the folder with its ca.crt. It skips the test where that program is not.
func StartProgram(t testing.TB, o Options) (host, certDir string) {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("needs docker-registry")
	}
	dir := t.TempDir()
	host = freePort(t)
	web := map[string]any{"addr": host, "secret": "of a test"}
	if o.TLS {
		cert := certificate(t, filepath.Join(dir, "ca.crt"))
		web["tls"] = map[string]any{"certificate": filepath.Join(dir, "ca.crt"), "key": keyFile(t, dir, cert)}
		certDir = dir
	}
	config := map[string]any{
		"version": "0.1", "log": map[string]any{"level": "error", "accesslog": map[string]any{"disabled": true}}, "http": web,
		"storage": map[string]any{"filesystem": map[string]any{"rootdirectory": filepath.Join(dir, "blobs")}, "delete": map[string]any{"enabled": true}},
	}
	switch {
	case o.Token:
		config["auth"] = map[string]any{"token": issuer(t, dir, o)}
	case o.User != "":
		config["auth"] = map[string]any{"htpasswd": map[string]any{"realm": "test", "path": passwords(t, o)}}
	}
	text, err := json.Marshal(config) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "serve", path)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		c.Wait() // what it said tells more
		close(ended)
	}()
	t.Cleanup(func() {
		c.Process.Kill() // it may have ended
		<-ended
	})
	over := time.After(programStart)
	for {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return host, certDir
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ended:
			t.Fatal("docker-registry: " + said.String())
		case <-over:
			t.Fatal("docker-registry does not listen")
		}
	}
}

// freePort is an address of loopback where nobody listens just now, and nobody will by
// chance: the kernel gives none below 32768 to who wants any port (ip(7)).
func freePort(t testing.TB) string {
	t.Helper()
	var last error
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 20000+rand.IntN(12000)))
		if err == nil {
			l.Close()
			return l.Addr().String()
		}
		last = err
	}
	t.Fatal(last)
	return ""
}

func keyFile(t testing.TB, dir string, cert tls.Certificate) string {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// issuer starts a token server that knows o.User alone, and returns what a registry
// must know of it.
func issuer(t testing.TB, dir string, o Options) map[string]any {
	t.Helper()
	bundle := filepath.Join(dir, "issuer.crt")
	s := httptest.NewServer(signer{o, certificate(t, bundle)})
	t.Cleanup(s.Close)
	return map[string]any{"realm": s.URL + "/token", "service": service, "issuer": service, "rootcertbundle": bundle}
}
