package plugin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// tlsFiles is TLSConfig of a plugin's JSON file.
type tlsFiles struct {
	InsecureSkipVerify bool
	CAFile             string
	CertFile           string
	KeyFile            string
}

// New returns the plugin at an address: unix:///path, tcp://host:port, http://
// or https://. It fails with kind invalid for another. It connects to nothing.
func New(name, addr string) (*Plugin, error) { return newPlugin(name, addr, nil) }

func newPlugin(name, addr string, files *tlsFiles) (*Plugin, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, errs.New(errs.Invalid, "address of plugin %s: %w", name, err)
	}
	p := &Plugin{Name: name, Addr: addr}
	tr := &http.Transport{DisableKeepAlives: true}
	switch u.Scheme {
	case "unix":
		if !filepath.IsAbs(u.Path) || u.Host != "" {
			return nil, errs.New(errs.Invalid, "address %s of plugin %s: unix:// and an absolute path expected", addr, name)
		}
		p.base = "http://localhost/"
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", u.Path)
		}
	case "tcp", "http", "https":
		if u.Host == "" {
			return nil, errs.New(errs.Invalid, "address %s of plugin %s: it has no host", addr, name)
		}
		p.base = "http://" + u.Host + "/"
		if files != nil || u.Scheme == "https" {
			p.base = "https://" + u.Host + "/"
			if tr.TLSClientConfig, err = files.load(); err != nil {
				return nil, err
			}
		}
		tr.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	default:
		return nil, errs.New(errs.Invalid, "address %q of plugin %s: unix://, tcp://, http:// or https:// expected", addr, name)
	}
	p.client = &http.Client{Transport: tr, CheckRedirect: noRedirect}
	return p, nil
}

// noRedirect keeps a plugin from sending its callers elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// load reads the certificates; those of the system when there are none.
func (f *tlsFiles) load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if f == nil {
		return c, nil
	}
	c.InsecureSkipVerify = f.InsecureSkipVerify // what the host's administrator wrote
	if f.CAFile != "" {
		pem, err := os.ReadFile(f.CAFile)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errs.New(errs.Invalid, "%s holds no certificate", f.CAFile)
		}
	}
	if f.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(f.CertFile, f.KeyFile)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
