package syslog

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// header is what every message of a container has.
type header struct {
	facility  int
	host, tag string
	pid       int
}

// form appends a message with its framing to dst.
type form func(dst, text []byte, stream string, at time.Time, datagram bool) []byte

// severities of RFC 5424 §6.2.1, as docker gives them.
const (
	severityErr  = 3
	severityInfo = 6
)

func (h header) priority(stream string) int {
	if stream == "stderr" {
		return h.facility<<3 | severityErr
	}
	return h.facility<<3 | severityInfo
}

// formOf chooses the form of the messages.
func formOf(o logopt.SyslogOptions, h header) form {
	switch format, isLocal := o.Format, o.Network == "" || strings.HasPrefix(o.Network, "unix"); {
	case format == "rfc3164":
		return lines(h.rfc3164)
	case format == "" && isLocal:
		return lines(h.local)
	case o.Network == "tcp+tls":
		return counted(h.rfc5424(stamp(format)))
	default:
		return lines(h.rfc5424(stamp(format)))
	}
}

// stamp is the layout of a time in RFC 5424 §6.2.3.
func stamp(format string) string {
	if format == "rfc5424micro" {
		return "2006-01-02T15:04:05.000000Z07:00"
	}
	return time.RFC3339
}

// message appends a message without framing.
type message func(dst, text []byte, stream string, at time.Time) []byte

// rfc5424 is that RFC's form: the tag is APP-NAME and MSGID, as in docker.
func (h header) rfc5424(layout string) message {
	rest := " " + field(h.host, 255) + " " + field(h.tag, 48) + " " + strconv.Itoa(h.pid) + " " + field(h.tag, 32) + " - "
	return func(dst, text []byte, stream string, at time.Time) []byte {
		dst = append(strconv.AppendInt(append(dst, '<'), int64(h.priority(stream)), 10), ">1 "...)
		dst = append(at.AppendFormat(dst, layout), rest...)
		return append(dst, text...)
	}
}

// rfc3164 is the old form, with the host.
func (h header) rfc3164(dst, text []byte, stream string, at time.Time) []byte {
	return h.old(dst, text, stream, at, field(h.host, 255)+" ")
}

// local is what the C library's syslog(3) sends to the socket of its host.
func (h header) local(dst, text []byte, stream string, at time.Time) []byte {
	return h.old(dst, text, stream, at, "")
}

func (h header) old(dst, text []byte, stream string, at time.Time, host string) []byte {
	dst = append(strconv.AppendInt(append(dst, '<'), int64(h.priority(stream)), 10), '>')
	dst = append(at.AppendFormat(dst, time.Stamp), ' ')
	dst = append(append(dst, host...), field(h.tag, 255)...)
	dst = append(strconv.AppendInt(append(dst, '['), int64(h.pid), 10), "]: "...)
	return append(dst, text...)
}

// field is a word of a header: printable ASCII without blanks, or - for nothing.
func field(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// lines ends a message with a newline where a stream would not know its end (RFC
// 6587 §3.4.2).
func lines(m message) form {
	return func(dst, text []byte, stream string, at time.Time, datagram bool) []byte {
		dst = m(dst, bytes.TrimSuffix(text, []byte{'\n'}), stream, at)
		if !datagram {
			dst = append(dst, '\n')
		}
		return dst
	}
}

// counted tells the length of a message before it (RFC 5425 §4.3).
func counted(m message) form {
	return func(dst, text []byte, stream string, at time.Time, _ bool) []byte {
		body := m(nil, bytes.TrimSuffix(text, []byte{'\n'}), stream, at)
		return append(append(strconv.AppendInt(dst, int64(len(body)), 10), ' '), body...)
	}
}
