package container

import "testing"

func TestDetachKeys(t *testing.T) {
	for _, c := range []struct {
		keys, in, out string
		detach        bool
	}{
		{"\x10\x11", "abc", "abc", false},
		{"\x10\x11", "a\x10\x11b", "a", true},
		{"\x10\x11", "\x10b", "\x10b", false},
		{"\x10\x11", "\x10\x10\x11", "\x10", true},
		{"\x10\x11", "\x11", "\x11", false},
		{"\x10\x11", "a\x10", "a\x10", false},
		{"aab", "aaab", "a", true},
		{"aab", "aaaa", "aaaa", false},
		{"q", "xq", "x", true},
		{"", "\x10\x11", "\x10\x11", false},
	} {
		for cut := range len(c.in) + 1 { // however the keys arrive
			k := &detachKeys{keys: []byte(c.keys)}
			a, d := k.scan([]byte(c.in[:cut]))
			out := string(a)
			if !d {
				var b []byte
				b, d = k.scan([]byte(c.in[cut:]))
				out += string(b)
			}
			if !d {
				out += string(k.rest())
			}
			if out != c.out || d != c.detach {
				t.Errorf("%q in %q cut at %d: %q, %v", c.keys, c.in, cut, out, d)
			}
		}
	}
}
