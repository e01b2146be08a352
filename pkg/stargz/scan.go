package stargz

import (
	"archive/tar"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// MaxTOC bounds what the table of contents of a layer may come to, bytes: it is made
// in memory, and whoever uses the layer reads it at once.
const MaxTOC = 256 << 20

// What an entry of a table of contents takes, roughly, bytes.
const (
	entryCost = 600
	chunkCost = 300
	chunkSize = 4 << 20 // the library's own
)

// Plan says which entries of an archive are left out.
type Plan struct {
	superseded map[int]struct{} // their number: the same file comes again
}

// Scan reads a layer's archive and says what of it a table of contents can hold:
// a name stands there once. Of a file or a folder that comes twice the last one
// counts, as where it is unpacked. Errors: corrupt for what is no archive,
// unsupported for what the format has no word for, and for a table over MaxTOC.
func Scan(archive io.Reader) (*Plan, error) {
	s := scan{plan: Plan{superseded: map[int]struct{}{}}, last: map[string]*seen{}}
	in := tar.NewReader(archive)
	for i := 0; ; i++ {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return &s.plan, nil
		}
		if err != nil {
			return nil, archiveFault(err)
		}
		if err := s.entry(i, h); err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, in); err != nil { //nolint:gosec // a whole layer, not kept in memory
			return nil, archiveFault(err)
		}
	}
}

// archiveFault is err of reading an archive: one with a kind is the source's own.
func archiveFault(err error) error {
	if errs.KindOf(err) != errs.Internal {
		return err
	}
	return errs.New(errs.Corrupt, "archive: %w", err)
}

type scan struct {
	plan Plan
	last map[string]*seen
	cost int64
}

// seen is an entry that has come.
type seen struct {
	number int
	kind   byte
	linked bool // a hard link to it has come
}

func (s *scan) entry(i int, h *tar.Header) error {
	if h.Typeflag == tar.TypeXGlobalHeader || reserved(h.Name) {
		return nil
	}
	if err := expressible(h); err != nil {
		return err
	}
	if s.cost += cost(h); s.cost > MaxTOC {
		return errs.New(errs.Unsupported, "its table of contents would be larger than %d MiB", MaxTOC>>20)
	}
	if h.Typeflag == tar.TypeLink {
		if to := s.last[clean(h.Linkname)]; to != nil {
			to.linked = true
		}
	}
	name := clean(h.Name)
	if before := s.last[name]; before != nil {
		same := before.kind == h.Typeflag && !before.linked
		if !same || h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
			return errs.New(errs.Unsupported, "%q is in it twice, and not as the same file or folder", h.Name)
		}
		s.plan.superseded[before.number] = struct{}{}
	}
	s.last[name] = &seen{number: i, kind: h.Typeflag}
	return nil
}

// expressible tells of what a table of contents has no word for.
func expressible(h *tar.Header) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
	default:
		return errs.New(errs.Unsupported, "%q: an entry of type %q has no place in a table of contents", h.Name, h.Typeflag)
	}
	for _, k := range []string{"GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.map"} {
		if _, sparse := h.PAXRecords[k]; sparse {
			return errs.New(errs.Unsupported, "%q: a sparse file has no place in a table of contents", h.Name)
		}
	}
	if !utf8.ValidString(h.Name) || !utf8.ValidString(h.Linkname) {
		return errs.New(errs.Unsupported, "%q: a name that is not UTF-8 has no place in a table of contents", h.Name)
	}
	return nil
}

// cost is what an entry adds to the table, bytes: extended attributes are base64.
func cost(h *tar.Header) int64 {
	n := int64(entryCost + 2*(len(h.Name)+len(h.Linkname)))
	for k, v := range h.PAXRecords {
		n += int64(len(k) + len(v)*3/2)
	}
	if h.Typeflag == tar.TypeReg {
		n += h.Size / chunkSize * int64(chunkCost+2*len(h.Name))
	}
	return n
}
