package unpack

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func packed(t *testing.T, text string) map[string][]byte {
	t.Helper()
	var z, x bytes.Buffer
	zw, err := zstd.NewWriter(&z)
	if err != nil {
		t.Fatal(err)
	}
	xw, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{zw, xw} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{"zstd": z.Bytes(), "xz": x.Bytes()}
}

func unpacked(b []byte) (string, error) {
	r, done, err := Reader(bytes.NewReader(b))
	if err != nil {
		return "", err
	}
	defer done()
	out, err := io.ReadAll(r)
	return string(out), err
}

func TestReader(t *testing.T) {
	text := strings.Repeat("some text ", 10_000)
	for name, b := range packed(t, text) {
		if got, err := unpacked(b); got != text || err != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if len(b) >= len(text) {
			t.Errorf("%s: %d bytes are not packed", name, len(b))
		}
		if _, err := unpacked(b[:len(b)/2]); !errs.Is(err, errs.Corrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s, cut: %v", name, err)
		}
		b[len(b)/2] ^= 0xff
		if got, err := unpacked(b); err == nil && got == text {
			t.Errorf("%s: damage is not seen", name)
		} else if !errs.Is(err, errs.Corrupt) {
			t.Errorf("%s, damaged: %v", name, err)
		}
	}
	for _, plain := range []string{"", "x", "plain text of any length"} {
		if got, err := unpacked([]byte(plain)); got != plain || err != nil {
			t.Errorf("%q: %q, %v", plain, got, err)
		}
	}
}
