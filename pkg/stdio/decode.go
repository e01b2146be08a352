package stdio

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// decoder reads the lines of a log. What JSONLog writes it reads by itself, which
// is several times as fast and makes little garbage; what looks otherwise,
// encoding/json does.
type decoder struct{ text []byte }

// entry reads one line; not ok when it is no entry.
func (d *decoder) entry(line []byte) (e Entry, ok bool) {
	if e, ok = d.plain(line); ok {
		return e, true
	}
	e = Entry{}
	return e, json.Unmarshal(line, &e) == nil
}

// plain reads a line as appendEntry writes it, without attributes.
func (d *decoder) plain(line []byte) (e Entry, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"log":"`))
	if !ok {
		return e, false
	}
	if rest, ok = d.unescape(rest); !ok {
		return e, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"stream":"std`)); !ok {
		return e, false
	}
	stream, rest, ok := bytes.Cut(rest, []byte(`","time":"`))
	if !ok {
		return e, false
	}
	switch string(stream) {
	case "out":
		e.Stream = "stdout"
	case "err":
		e.Stream = "stderr"
	default:
		return e, false
	}
	at, ok := bytes.CutSuffix(bytes.TrimSuffix(rest, []byte{'\n'}), []byte(`"}`))
	if !ok || e.Time.UnmarshalText(at) != nil {
		return e, false
	}
	e.Text = string(d.text)
	return e, true
}

// unescape reads the inside of a JSON string into d.text, and returns what comes
// after it.
func (d *decoder) unescape(s []byte) (rest []byte, ok bool) {
	d.text = d.text[:0]
	for {
		i := bytes.IndexAny(s, `"\`)
		if i < 0 {
			return nil, false
		}
		d.text = append(d.text, s[:i]...)
		if s[i] == '"' {
			return s[i+1:], utf8.Valid(d.text)
		}
		if s, ok = d.escaped(s[i+1:]); !ok {
			return nil, false
		}
	}
}

// escaped reads what stands after a backslash.
func (d *decoder) escaped(s []byte) (rest []byte, ok bool) {
	if len(s) == 0 {
		return nil, false
	}
	switch c := s[0]; c {
	case '"', '\\':
		d.text = append(d.text, c)
	case 'n':
		d.text = append(d.text, '\n')
	case 'r':
		d.text = append(d.text, '\r')
	case 't':
		d.text = append(d.text, '\t')
	case 'u':
		if len(s) < 5 {
			return nil, false
		}
		n, err := strconv.ParseUint(string(s[1:5]), 16, 16)
		if err != nil || n >= 0xd800 && n < 0xe000 { // half of a pair
			return nil, false
		}
		d.text = utf8.AppendRune(d.text, rune(n))
		return s[5:], true
	default:
		return nil, false
	}
	return s[1:], true
}

// timeOf reads the time of a line alone; the zero time when there is none.
func (d *decoder) timeOf(line []byte) time.Time {
	e, _ := d.entry(line)
	return e.Time
}
