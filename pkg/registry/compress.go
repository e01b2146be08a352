package registry

import (
	"io"

	"go.podman.io/image/v5/pkg/compression"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Compress returns what compresses to w with gzip, zstd or zstd:chunked, which is
// zstd with a table of contents (containers/storage, docs/containers-storage-zstd-chunked.md).
// Close ends the compression, puts the annotations that the layer then has in
// annotations, and leaves w open; it has to be called after an error too. Another
// algorithm gives kind invalid.
func Compress(w io.Writer, algorithm string, annotations map[string]string) (io.WriteCloser, error) {
	a, err := compression.AlgorithmByName(algorithm)
	if err != nil {
		return nil, errs.New(errs.Invalid, "compress with %s: gzip, zstd or zstd:chunked", algorithm)
	}
	return compression.CompressStreamWithMetadata(w, annotations, a, nil)
}
