// Package unpack undoes zstd and xz of a stream. It is apart from pkg/archive for
// its size: programs that stay do not need it.
package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// window is the most that a stream of zstd may ask to be remembered of what was
// unpacked: as much as `zstd --long=27` needs. Of xz it is 4 GiB by its format, of
// which the kernel gives what is used.
const window = 128 << 20

// Reader returns what is in r, which is compressed with zstd or xz; any other
// stream comes back as it is (RFC 8878, 3.1.1; the .xz file format, 2.1.1.1). A
// stream that is damaged gives kind corrupt, when it is read too. The caller calls
// done at the end.
func Reader(r io.Reader) (_ io.Reader, done func(), err error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(2*window))
		if err != nil {
			return nil, nil, errs.New(errs.Corrupt, "unpack: %w", err)
		}
		return &reader{z, b}, z.Close, nil
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		z, err := xz.ReaderConfig{DictCap: 1 << 16}.NewReader(b)
		if err != nil {
			return nil, nil, errs.New(errs.Corrupt, "unpack: %w", err)
		}
		return &reader{z, b}, func() {}, nil
	}
	return b, func() {}, nil
}

// reader says of a stream's errors what they are.
type reader struct{ z, from io.Reader }

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errs.New(errs.Corrupt, "unpack: %w", err)
	}
	return n, err
}
