package stargz

import (
	"archive/tar"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

// compressor compresses the parts of a layer, and writes its end. It has one
// compression for all files in turn, as making one costs more than most files, and
// writes the table of contents entry by entry: the library's own has it in memory
// three times as text.
type compressor struct {
	z   *gzip.Writer
	toc counter // what the table adds to the archive, bytes
}

// Writer implements estargz.Compressor; the one before has been closed.
func (c *compressor) Writer(w io.Writer) (estargz.WriteFlushCloser, error) {
	if c.z == nil {
		c.z = gzip.NewWriter(w)
	} else {
		c.z.Reset(w)
	}
	return c.z, nil
}

// WriteTOCAndFooter implements estargz.Compressor: a tar archive of one file, and an
// empty member that says where that begins (docs/estargz.md, "Footer").
func (c *compressor) WriteTOCAndFooter(w io.Writer, offset int64, toc *estargz.JTOC, sum hash.Hash) (digest.Digest, error) {
	var size counter
	d := digest.Canonical.Digester()
	if err := writeTOC(io.MultiWriter(&size, d.Hash()), toc); err != nil {
		return "", err
	}
	z, err := c.Writer(w)
	if err != nil {
		return "", err
	}
	out := tar.NewWriter(io.MultiWriter(z, sum, &c.toc))
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: estargz.TOCTarName, Size: int64(size)}); err != nil {
		return "", err
	}
	if err := writeTOC(out, toc); err != nil {
		return "", err
	}
	if err := out.Close(); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	_, err = w.Write(footer(offset))
	return d.Digest(), err
}

// writeTOC writes a table of contents as JSON, without a byte after it, as whoever
// sums it up stops there.
func writeTOC(w io.Writer, toc *estargz.JTOC) error {
	if _, err := fmt.Fprintf(w, `{"version":%d,"entries":[`, toc.Version); err != nil {
		return err
	}
	for i, e := range toc.Entries {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if i > 0 {
			text = append([]byte(",\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]}")
	return err
}

// footer says where the table of contents begins.
func footer(offset int64) []byte {
	says := fmt.Sprintf("%016xSTARGZ", offset)
	return estargz.CreateGzipFooter(append(binary.LittleEndian.AppendUint16([]byte("SG"), uint16(len(says))), says...))
}
