package syslog

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// dialer returns what connects to the server.
func dialer(o logopt.SyslogOptions) (func() (net.Conn, error), error) {
	d := &net.Dialer{Timeout: dialTimeout}
	switch o.Network {
	case "":
		return func() (net.Conn, error) { return local(d) }, nil
	case "tcp+tls":
		cfg, err := tlsConfig(o)
		if err != nil {
			return nil, err
		}
		return func() (net.Conn, error) { return tls.DialWithDialer(d, "tcp", o.Address, cfg) }, nil //nolint:noctx // bounded by d
	}
	return func() (net.Conn, error) { return d.Dial(o.Network, o.Address) }, nil
}

// local connects to this host's own syslog, where it usually listens.
func local(d *net.Dialer) (net.Conn, error) {
	var all error
	for _, network := range []string{"unixgram", "unix"} {
		for _, path := range []string{"/dev/log", "/var/run/syslog", "/var/run/log"} {
			c, err := d.Dial(network, path)
			if err == nil {
				return c, nil
			}
			if !errors.Is(err, os.ErrNotExist) {
				all = err
			}
		}
	}
	if all == nil {
		all = errors.New("no syslog listens on this host: /dev/log is not there")
	}
	return nil, all
}

// maxPEM bounds a certificate file, in bytes.
const maxPEM = 4 << 20

func tlsConfig(o logopt.SyslogOptions) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: o.SkipVerify, MinVersion: tls.VersionTLS12} //nolint:gosec // who asks for it gets it
	if o.CACert != "" {
		pem, err := fsx.ReadAtMost(o.CACert, maxPEM)
		if err != nil {
			return nil, errs.New(errs.Invalid, "syslog-tls-ca-cert: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errs.New(errs.Invalid, "syslog-tls-ca-cert %s: no certificate in it", o.CACert)
		}
	}
	if o.Cert != "" {
		pair, err := keyPair(o.Cert, o.Key)
		if err != nil {
			return nil, errs.New(errs.Invalid, "syslog-tls-cert, syslog-tls-key: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

func keyPair(cert, key string) (tls.Certificate, error) {
	c, err := fsx.ReadAtMost(cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	k, err := fsx.ReadAtMost(key, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(c, k)
	if err != nil {
		return pair, fmt.Errorf("%s and %s: %w", cert, key, err)
	}
	return pair, nil
}
