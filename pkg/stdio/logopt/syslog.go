package logopt

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// SyslogOptions are those of the syslog driver.
type SyslogOptions struct {
	Network  string // unix, unixgram, udp, tcp or tcp+tls; empty: this host's own socket
	Address  string // path, or host:port
	Facility int    // RFC 5424 §6.2.1; 3, daemon, unless given
	Format   string // rfc3164, rfc5424 or rfc5424micro; empty: the local form to a local socket, else rfc5424

	CACert, Cert, Key string // PEM files, of tcp+tls
	SkipVerify        bool   // of the server's certificate
}

func defaultSyslog() SyslogOptions { return SyslogOptions{Facility: facilities()["daemon"]} }

func (o *Options) syslog() map[string]func(string) error {
	s := &o.Syslog
	return map[string]func(string) error{
		"syslog-address":         s.readAddress,
		"syslog-facility":        s.readFacility,
		"syslog-format":          word(map[string]string{"": "", "rfc3164": "rfc3164", "rfc5424": "rfc5424", "rfc5424micro": "rfc5424micro"}, &s.Format),
		"syslog-tls-ca-cert":     text(&s.CACert),
		"syslog-tls-cert":        text(&s.Cert),
		"syslog-tls-key":         text(&s.Key),
		"syslog-tls-skip-verify": boolean(&s.SkipVerify),
	}
}

func (s *SyslogOptions) readAddress(v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "unix", "unixgram":
		if s.Network, s.Address = u.Scheme, u.Path; u.Host != "" || !filepath.IsAbs(u.Path) {
			return errors.New("want the absolute path of a socket: unix:///dev/log")
		}
		return nil
	case "udp", "tcp", "tcp+tls":
		port := u.Port()
		if port == "" {
			port = "514"
		}
		if s.Network, s.Address = u.Scheme, net.JoinHostPort(u.Hostname(), port); u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("want %s://HOST:PORT", u.Scheme)
		}
		return nil
	}
	return errors.New("want unix, unixgram, udp, tcp or tcp+tls, then ://, then a path or HOST:PORT")
}

func (s *SyslogOptions) readFacility(v string) error {
	if v == "" {
		return nil
	}
	if n, ok := facilities()[v]; ok {
		s.Facility = n
		return nil
	}
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n <= 23 {
		s.Facility = n
		return nil
	}
	return errors.New("invalid syslog facility")
}

// facilities are those of syslog(3), by RFC 5424 §6.2.1.
func facilities() map[string]int {
	out := map[string]int{}
	for i, name := range []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"} {
		out[name] = i
	}
	for i := range 8 {
		out["local"+strconv.Itoa(i)] = 16 + i
	}
	return out
}
