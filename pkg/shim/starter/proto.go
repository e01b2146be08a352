package starter

import "errors"

// The few messages of containerd's protocol in protobuf's wire format
// (protobuf.dev/programming-guides/encoding).

const (
	wireVarint = 0
	wireBytes  = 2
)

func appendVarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendUint(b []byte, field int, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendVarint(appendVarint(b, uint64(field)<<3|wireVarint), v)
}

func appendBytes(b []byte, field int, v string) []byte {
	if v == "" {
		return b
	}
	b = appendVarint(b, uint64(field)<<3|wireBytes)
	return append(appendVarint(b, uint64(len(v))), v...)
}

// deleteResponse is containerd.task.v3.DeleteResponse.
func deleteResponse(pid, status int, nanos int64) []byte {
	b := appendUint(nil, 1, uint64(pid))
	b = appendUint(b, 2, uint64(status))
	at := appendUint(nil, 1, uint64(nanos/1e9)) // google.protobuf.Timestamp
	at = appendUint(at, 2, uint64(nanos%1e9))
	return appendBytes(b, 3, string(at))
}

// bootstrapResult is containerd.runtime.bootstrap.v1.BootstrapResult.
func bootstrapResult(address string) []byte {
	b := appendUint(nil, 1, 3) // the task service's version
	b = appendBytes(b, 2, address)
	return appendBytes(b, 3, "ttrpc")
}

// info is containerd.types.RuntimeInfo.
func info() []byte {
	b := appendBytes(nil, 1, "io.containerd.pouch.v2")
	b = appendBytes(b, 2, string(appendBytes(nil, 1, Version)))
	anyOf := appendBytes(nil, 1, "types.containerd.io/opencontainers/runtime-spec/1/features/Features")
	return appendBytes(b, 4, string(appendBytes(anyOf, 2, Features)))
}

var errWire = errors.New("not a protobuf message")

// textFields returns the length-delimited fields of a message whose numbers are
// up to 15, the last of each.
func textFields(b []byte) ([16]string, error) {
	var out [16]string
	for len(b) > 0 {
		key, rest, err := varint(b)
		if err != nil {
			return out, err
		}
		b = rest
		switch key & 7 {
		case wireVarint:
			_, b, err = varint(b)
		case wireBytes:
			var v []byte
			v, b, err = bytesField(b)
			if n := key >> 3; n < uint64(len(out)) {
				out[n] = string(v)
			}
		case 1:
			b, err = skip(b, 8)
		case 5:
			b, err = skip(b, 4)
		default:
			err = errWire
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func varint(b []byte) (uint64, []byte, error) {
	var v uint64
	for i := 0; i < len(b) && i < 10; i++ {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, b[i+1:], nil
		}
	}
	return 0, nil, errWire
}

func bytesField(b []byte) (v, rest []byte, err error) {
	n, b, err := varint(b)
	if err != nil || n > uint64(len(b)) {
		return nil, nil, errWire
	}
	return b[:n], b[n:], nil
}

func skip(b []byte, n int) ([]byte, error) {
	if len(b) < n {
		return nil, errWire
	}
	return b[n:], nil
}
