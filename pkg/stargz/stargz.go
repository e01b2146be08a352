// Package stargz makes layers that can be read before they are there: a layer in
// the eStargz format is a gzip that any engine unpacks, whose members begin where
// files and parts of files do, with a table of contents at its end (stargz-snapshotter,
// docs/estargz.md). It is the only importer of the format's library.
//
// A table of contents is made of the archive, never taken from one: what a layer says
// of itself is left out.
package stargz

import (
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

// Layer is what was made.
type Layer struct {
	DiffID digest.Digest // of all that is in the gzip, table of contents included
	TOC    digest.Digest // of the table of contents
	Size   int64         // bytes that it unpacks to
}

// Prefixes of the annotations by which a layer says that it has a table of contents:
// of eStargz, and of zstd:chunked as two projects write it.
const (
	ofStargz   = "containerd.io/snapshot/stargz/"
	ofStore    = "io.containers.estargz."
	ofChunked  = "io.containers.zstd-chunked."
	ofChunked2 = "io.github.containers.zstd-chunked."
)

// Annotated reports whether a layer with those annotations says that it has a table
// of contents.
func Annotated(annotations map[string]string) bool {
	for k := range annotations {
		if own(k) {
			return true
		}
	}
	return false
}

func own(key string) bool {
	for _, p := range []string{ofStargz, ofStore, ofChunked, ofChunked2} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// Plain returns the annotations without those of a table of contents.
func Plain(annotations map[string]string) map[string]string {
	out := maps.Clone(annotations)
	maps.DeleteFunc(out, func(k, _ string) bool { return own(k) })
	return out
}

// Annotations are those of the layer, by which a snapshotter knows and checks it.
func (l Layer) Annotations() map[string]string {
	return map[string]string{
		estargz.TOCJSONDigestAnnotation:         l.TOC.String(),
		estargz.StoreUncompressedSizeAnnotation: strconv.FormatInt(l.Size, 10),
	}
}

// reserved reports whether the format has that name of an entry for itself.
func reserved(name string) bool {
	switch clean(name) {
	case estargz.TOCTarName, estargz.PrefetchLandmark, estargz.NoPrefetchLandmark:
		return true
	}
	return false
}

// clean is the one way to write the name of an entry, as the library has it.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }
