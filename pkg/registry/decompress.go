package registry

import (
	"io"

	"go.podman.io/image/v5/pkg/compression"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Decompress returns what is in r, which may be plain or compressed with gzip,
// bzip2, xz or zstd. Close ends the decompression and leaves r open.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	out, _, err := compression.AutoDecompress(r)
	if err != nil {
		return nil, errs.New(errs.Corrupt, "archive: %w", err)
	}
	return out, nil
}
