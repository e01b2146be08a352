package rpc

import (
	"strconv"
	"time"
)

// Metadata are the headers of a call: names in lower case.
type Metadata map[string]string

// requestHeaders encodes the headers of a call (RFC 7541): nothing is indexed,
// so the encoder has no state.
func requestHeaders(method string, md Metadata, limit time.Duration) []byte {
	b := []byte{0x80 | 3, 0x80 | 6} // :method POST, :scheme http
	b = appendString(append(b, 4), method)
	b = appendString(append(b, 1), "localhost")
	b = appendString(append(b, 0x0f, 31-15), "application/grpc") // content-type
	b = appendHeader(b, "te", "trailers")
	if limit > 0 {
		// Rounded up, so that this side says first that time is over.
		b = appendHeader(b, "grpc-timeout", strconv.FormatInt(limit.Milliseconds()+1, 10)+"m")
	}
	for k, v := range md {
		b = appendHeader(b, k, v)
	}
	return b
}

func appendHeader(b []byte, name, value string) []byte {
	return appendString(appendString(append(b, 0), name), value)
}

// appendString writes a string literal without Huffman's code: section 5.2.
func appendString(b []byte, s string) []byte {
	n := len(s)
	if n < 127 {
		return append(append(b, byte(n)), s...)
	}
	b = append(b, 127)
	for n -= 127; n >= 128; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(append(b, byte(n)), s...)
}

// unescape decodes the percent-encoding of grpc-message.
func unescape(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
