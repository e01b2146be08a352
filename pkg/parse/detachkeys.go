package parse

import "strings"

// DetachKeys reads --detach-keys, docker's grammar: keys with commas between, each
// a character, ctrl- with a letter or one of @ [ \ ] ^ _, or DEL. The empty text is
// no keys.
func DetachKeys(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	var out []byte
	for key := range strings.SplitSeq(s, ",") {
		b, ok := detachKey(key)
		if !ok {
			return nil, invalid("invalid detach keys (%s): '%s': want a character, ctrl-a to ctrl-z, ctrl- with one of @ [ \\ ] ^ _, or DEL", s, key)
		}
		out = append(out, b)
	}
	return out, nil
}

func detachKey(key string) (byte, bool) {
	if len(key) == 1 && key[0] < 0x80 {
		return key[0], true
	}
	if strings.EqualFold(key, "DEL") {
		return 0x7f, true
	}
	rest, ok := strings.CutPrefix(strings.ToLower(key), "ctrl-")
	if !ok || len(rest) != 1 {
		return 0, false
	}
	switch c := rest[0]; {
	case c >= 'a' && c <= 'z':
		return c - 'a' + 1, true
	case c == '@':
		return 0, true
	case c >= '[' && c <= '_':
		return c - '@', true
	}
	return 0, false
}
