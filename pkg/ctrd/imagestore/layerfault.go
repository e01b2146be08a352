package imagestore

import (
	"regexp"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// longestFault is how much is told of what a layer is to blame for, bytes: a path in it
// may be as long as it likes.
const longestFault = 400

// mountedAt is the folder that a layer was mounted at, which tells nobody anything.
var mountedAt = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/[^\s"]*/containerd-mount\d+`) }) //nolint:gochecknoglobals // a constant

// layersFaults are words of errors that a layer's own entries or its compression are to
// blame for: of the kernel, of archive/tar, of the programs and libraries that decompress.
func layersFaults() []string {
	return []string{
		"no such file or directory", "not a directory", "is a directory", "file exists", "file name too long",
		"too many levels of symbolic links", "too many links", "invalid", "unexpected", "unhandled tar header",
		"archive/tar: ", "igzip: Error", "unpigz: ", "gzip: ", "flate: ", "window size exceeded", "magic number mismatch", "corrupt", "CRC",
	}
}

// layerFault is fault of a layer that containerd could not unpack. What its own
// entries are to blame for has kind corrupt.
func layerFault(err error, layer digest.Digest) error {
	err = fault(err, "unpack layer "+layer.String())
	if err == nil {
		return nil
	}
	why := strings.TrimPrefix(err.Error(), "unpack layer "+layer.String()+": ")
	if _, rest, ok := strings.Cut(why, "mount callback failed on "); ok {
		if _, why, ok = strings.Cut(rest, ": "); !ok {
			why = rest
		}
	}
	kind := errs.KindOf(err)
	for _, fault := range layersFaults() {
		if kind == errs.Internal && strings.Contains(why, fault) && !NoSpace(err) {
			kind = errs.Corrupt
		}
	}
	return errs.New(kind, "unpack layer %s: %s", layer, shortened(mountedAt().ReplaceAllString(why, "")))
}

// shortened leaves the middle out of a long text.
func shortened(text string) string {
	if len(text) <= longestFault {
		return text
	}
	half := longestFault / 2
	return strings.ToValidUTF8(text[:half], "") + " … " + strings.ToValidUTF8(text[len(text)-half:], "")
}
