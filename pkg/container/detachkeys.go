package container

import "bytes"

// detachKeys finds a sequence of keys in what is typed.
type detachKeys struct {
	keys []byte // none: it finds nothing
	held []byte // the beginning of keys that came, and is held back until the next key
}

// scan returns what goes to the process, and whether the keys were typed.
func (k *detachKeys) scan(in []byte) (out []byte, detach bool) {
	if len(k.keys) == 0 {
		return in, false
	}
	for _, b := range in {
		k.held = append(k.held, b)
		if bytes.Equal(k.held, k.keys) {
			return out, true
		}
		for !bytes.HasPrefix(k.keys, k.held) {
			out, k.held = append(out, k.held[0]), k.held[1:]
		}
	}
	return out, false
}

// rest is what was held back when no more keys come.
func (k *detachKeys) rest() []byte { return k.held }
