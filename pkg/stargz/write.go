package stargz

import (
	"archive/tar"
	"bytes"
	"io"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

// Write writes the archive that the plan is of to w as a layer in the eStargz format:
// the landmark that says that nothing has to be fetched beforehand, the archive (see
// Copy), and behind its end the table of contents, which so is no file where the layer
// is unpacked. It streams: in memory is the table alone. The same archive gives the
// same bytes. What archive fails with is returned as it is.
func (p *Plan) Write(w io.Writer, archive io.Reader) (Layer, error) {
	pr, pw := io.Pipe()
	copied := make(chan error, 1)
	go func() {
		err := p.Copy(pw, archive)
		pw.CloseWithError(err)
		copied <- err
	}()
	l, err := write(w, pr)
	pr.CloseWithError(err)
	if cerr := <-copied; cerr != nil {
		return Layer{}, cerr
	}
	return l, err
}

func write(w io.Writer, archive io.Reader) (Layer, error) {
	mark, err := landmark()
	if err != nil {
		return Layer{}, err
	}
	z := &compressor{}
	out := estargz.NewWriterWithCompressor(w, z)
	var size counter
	in := io.TeeReader(io.MultiReader(bytes.NewReader(mark), archive), &size)
	if err := out.AppendTarLossLess(in); err != nil {
		return Layer{}, err
	}
	d, err := out.Close()
	if err != nil {
		return Layer{}, err
	}
	return Layer{DiffID: digest.Digest(out.DiffID()), TOC: d, Size: int64(size + z.toc)}, nil
}

// landmark is an entry of an archive: the format's file of one byte that says that
// there is nothing to fetch before the layer is used.
func landmark() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: estargz.NoPrefetchLandmark, Typeflag: tar.TypeReg, Mode: 0o444, Size: 1}); err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte{0xf}); err != nil {
		return nil, err
	}
	err := w.Flush()
	return b.Bytes(), err
}

type counter int64

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
