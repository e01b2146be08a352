package syslog

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/stdio"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

var when = time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)

func sender(t *testing.T, opts map[string]string) *Sender {
	t.Helper()
	o, err := logopt.Parse(logopt.Syslog, opts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(o.Syslog, "web 1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func send(t *testing.T, s *Sender) {
	t.Helper()
	for _, e := range [][2]string{{"hello\n", "stdout"}, {"oops", "stderr"}} {
		if err := s.Send([]byte(e[0]), e[1], when); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForms(t *testing.T) {
	host, _ := os.Hostname()
	host = field(host, 255)
	for _, c := range []struct{ network, format, want string }{
		{"udp", "", "<30>1 2026-01-02T03:04:05Z " + host + ` web_1 \d+ web_1 - hello`},
		{"udp", "rfc5424micro", "<30>1 2026-01-02T03:04:05.678901Z " + host + ` web_1 \d+ web_1 - hello`},
		{"udp", "rfc3164", "<30>Jan  2 03:04:05 " + host + ` web_1\[\d+\]: hello`},
		{"unixgram", "", `<30>Jan  2 03:04:05 web_1\[\d+\]: hello`},
		{"unixgram", "rfc5424", "<30>1 2026-01-02T03:04:05Z " + host + ` web_1 \d+ web_1 - hello`},
	} {
		address := "127.0.0.1:0"
		if c.network == "unixgram" {
			address = filepath.Join(t.TempDir(), "log")
		}
		l, err := net.ListenPacket(c.network, address)
		if err != nil {
			t.Fatal(err)
		}
		send(t, sender(t, map[string]string{"syslog-address": c.network + "://" + l.LocalAddr().String(), "syslog-format": c.format}))
		buf := make([]byte, 1000)
		l.SetDeadline(time.Now().Add(time.Minute))
		n, _, err := l.ReadFrom(buf)
		if err != nil || !regexp.MustCompile(`\A`+c.want+`\z`).Match(buf[:n]) {
			t.Errorf("%s %s: %q, %v", c.network, c.format, buf[:n], err)
		}
		if n, _, err := l.ReadFrom(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "<27>") || !strings.HasSuffix(string(buf[:n]), "oops") {
			t.Errorf("%s %s: %q, %v", c.network, c.format, buf[:n], err)
		}
		l.Close()
	}
}

func TestStreamsAreLines(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = filepath.Join(t.TempDir(), "log")
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		s := sender(t, map[string]string{"syslog-address": network + "://" + l.Addr().String(), "syslog-format": "rfc5424"})
		send(t, s)
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		got, _ := io.ReadAll(c)
		if lines := strings.Split(string(got), "\n"); len(lines) != 3 || !strings.HasSuffix(lines[0], " - hello") || !strings.HasSuffix(lines[1], " - oops") {
			t.Errorf("%s: %q", network, got)
		}
		l.Close()
	}
}

// A server that goes and comes back at the same place has what was sent from then
// on; what is sent in between is an error, and not lost in silence.
func TestServerComesBack(t *testing.T) {
	address := filepath.Join(t.TempDir(), "log") // which nobody else takes meanwhile
	l, err := net.Listen("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	s := sender(t, map[string]string{"syslog-address": "unix://" + address})
	q := stdio.NewQueue(s, stdio.QueueOptions{Limit: 1 << 20, Block: true})
	q.Put([]byte("one\n"), "stdout", when)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(c).ReadString('\n'); !strings.HasSuffix(line, "one\n") {
		t.Errorf("%q", line)
	}
	gone := s.gone
	l.Close()
	c.Close()
	<-gone
	for i := range 5 {
		q.Put(fmt.Appendf(nil, "away %d\n", i), "stdout", when)
	}
	if l, err = net.Listen("unix", address); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if c, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for i := range 5 {
		if line, err := r.ReadString('\n'); !strings.HasSuffix(line, fmt.Sprintf("away %d\n", i)) {
			t.Errorf("%q %v", line, err)
		}
	}
	q.Close()
}

// certificates writes an authority's certificate and a pair that it signed for
// 127.0.0.1.
func certificates(t *testing.T) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "log"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600)
	return cert, cert, key
}

func TestTLS(t *testing.T) {
	ca, cert, key := certificates(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	b, _ := os.ReadFile(ca)
	pool.AppendCertsFromPEM(b)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b, err := io.ReadAll(c)
			if err == nil && len(b) > 0 {
				got <- string(b)
			}
		}
	}()
	address := "tcp+tls://" + l.Addr().String()
	s := sender(t, map[string]string{
		"syslog-address": address, "syslog-tls-ca-cert": ca, "syslog-tls-cert": cert, "syslog-tls-key": key,
	})
	send(t, s)
	s.Close()
	select {
	case all := <-got:
		m := regexp.MustCompile(`\A(\d+) (<30>1 .* - hello)(\d+) (<27>1 .* - oops)\z`).FindStringSubmatch(all)
		if m == nil || m[1] != fmt.Sprint(len(m[2])) || m[3] != fmt.Sprint(len(m[4])) {
			t.Errorf("%q", all)
		}
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
	}
	if err := sender(t, map[string]string{"syslog-address": address}).Send([]byte("x\n"), "stdout", when); err == nil {
		t.Error("a server with an unknown certificate was trusted")
	}
}

func TestCertificatesThatAreNotThere(t *testing.T) {
	o, err := logopt.Parse(logopt.Syslog, map[string]string{"syslog-address": "tcp+tls://127.0.0.1:1", "syslog-tls-ca-cert": "/nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(o.Syslog, "x"); err == nil || !strings.Contains(err.Error(), "/nowhere") {
		t.Errorf("%v", err)
	}
}
