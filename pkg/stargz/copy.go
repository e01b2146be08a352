package stargz

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
)

const block = 512 // of a tar archive

// end is how long the end of an archive is at least, bytes (POSIX.1-2017, pax).
const end = 2 * block

// Copy copies an archive that Scan has read to w, byte for byte but for what the plan
// leaves out, for the format's own entries, for global headers, which nothing here
// reads, and for what comes after its end, which is where a table of contents may be.
func (p *Plan) Copy(w io.Writer, archive io.Reader) error {
	return copyEntries(w, archive, func(i int, h *tar.Header) bool {
		_, superseded := p.superseded[i]
		return superseded || h.Typeflag == tar.TypeXGlobalHeader || reserved(h.Name)
	})
}

// Strip copies an archive without the format's own entries and without what comes
// after its end: of a layer that Write made, the archive is what it was.
func Strip(w io.Writer, archive io.Reader) error {
	return copyEntries(w, archive, func(_ int, h *tar.Header) bool { return reserved(h.Name) })
}

// copyEntries copies the entries that out does not tell to leave out.
func copyEntries(w io.Writer, archive io.Reader, out func(int, *tar.Header) bool) error {
	rec := &recorder{r: archive}
	in := tar.NewReader(rec)
	to := w // of the entry; what pads it comes with the next header
	for i := 0; ; i++ {
		pad := int(-rec.n & (block - 1))
		raw, h, err := rec.next(in)
		if err != nil {
			return archiveFault(err)
		}
		short := pad - min(pad, len(raw)) // an archive may end where a file does
		raw = append(raw, make([]byte, short)...)
		if _, err := to.Write(raw[:pad]); err != nil {
			return err
		}
		if h == nil {
			return copyEnd(w, raw[pad:], archive)
		}
		to = w
		if out(i, h) {
			to = io.Discard
		}
		if _, err := to.Write(raw[pad:]); err != nil {
			return err
		}
		if _, err := io.Copy(to, in); err != nil { //nolint:gosec // a whole layer, not kept in memory
			return archiveFault(err)
		}
	}
}

// recorder keeps what a header is made of.
type recorder struct {
	r    io.Reader
	n    int64 // bytes so far
	head bool  // what is read is no content of a file
	raw  bytes.Buffer
}

// Read implements io.Reader.
func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	if r.head {
		r.raw.Write(p[:n])
	}
	return n, err
}

// next is in's next header, nil at the end, with all that was read for it: the padding
// of the entry before it, extended headers, and the header itself. The bytes are good
// until the next call.
func (r *recorder) next(in *tar.Reader) ([]byte, *tar.Header, error) {
	r.raw.Reset()
	r.head = true
	h, err := in.Next()
	r.head = false
	if errors.Is(err, io.EOF) {
		h, err = nil, nil
	}
	return r.raw.Bytes(), h, err
}

// copyEnd copies the zeros at an archive's end: those that were read, and the blocks of
// them that follow; a short end is made as long as it has to be.
func copyEnd(w io.Writer, zeros []byte, rest io.Reader) error {
	n, err := w.Write(zeros)
	if err != nil {
		return err
	}
	var b, none [block]byte
	for {
		m, err := io.ReadFull(rest, b[:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return archiveFault(err)
		}
		if m < block || b != none {
			break
		}
		k, err := w.Write(b[:])
		if n = min(n+k, end); err != nil {
			return err
		}
	}
	_, err = w.Write(make([]byte, max(0, end-n)))
	return err
}
