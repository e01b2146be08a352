package ttrpc

import (
	"bytes"
	"testing"
)

// FuzzFrame: no stream makes a frame larger than the limit, or one that was not sent.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 1, typeRequest, 0, 'x'})
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 1, typeResponse, 0, 'x'})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		for {
			before := r.Len()
			got, tooLarge, err := readFrame(r)
			if err != nil {
				return
			}
			if tooLarge && got.data != nil || len(got.data) > maxData || !tooLarge && before-r.Len() != headerSize+len(got.data) {
				t.Fatalf("%d bytes of %d, too large: %v", len(got.data), before, tooLarge)
			}
		}
	})
}
