package unpack

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzReader: a stream is unpacked or refused as broken; one that is not packed comes
// back as it is.
func FuzzReader(f *testing.F) {
	for _, b := range packed(&testing.T{}, "some text, some text") {
		f.Add(b)
	}
	f.Add([]byte("plain"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, done, err := Reader(bytes.NewReader(data))
		if err != nil {
			if !errs.Is(err, errs.Corrupt) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		defer done()
		out, err := io.ReadAll(io.LimitReader(r, 16<<20))
		if err != nil && !errs.Is(err, errs.Corrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("kind of %v", err)
		}
		plain := !bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}) && !bytes.HasPrefix(data, []byte{0xfd, '7', 'z', 'X', 'Z', 0})
		if plain && !bytes.Equal(out, data) {
			t.Fatalf("%q became %q", data, out)
		}
	})
}
