package stdio

import (
	"time"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendEntry appends one line of the log; attrs is a JSON object, or empty.
// Bytes that are not UTF-8 become U+FFFD, as JSON has no other way.
func appendEntry(dst, text []byte, stream string, attrs []byte, at time.Time) []byte {
	dst = append(dst, `{"log":"`...)
	dst = appendEscaped(dst, text)
	dst = append(dst, `","stream":"`...)
	dst = append(dst, stream...)
	dst = append(dst, '"')
	if len(attrs) > 0 {
		dst = append(append(dst, `,"attrs":`...), attrs...)
	}
	dst = append(dst, `,"time":"`...)
	dst = at.UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, "\"}\n"...)
}

// appendEscaped appends text as the inside of a JSON string (RFC 8259 §7).
func appendEscaped(dst, text []byte) []byte {
	from := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, text[from:i]...)
			dst = appendEscapedByte(dst, c)
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(append(dst, text[from:i]...), `\ufffd`...)
			from = i + 1
		}
		i += n
	}
	return append(dst, text[from:]...)
}

func appendEscapedByte(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
