package imagestore

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// layerFault is fault of a layer that containerd could not unpack. What its own
// entries are to blame for has kind corrupt; the folder that it was mounted at
// tells nobody anything.
func layerFault(err error, layer digest.Digest) error {
	err = fault(err, "unpack layer "+layer.String())
	if err == nil {
		return nil
	}
	_, why, ok := strings.Cut(err.Error(), "mount callback failed on ")
	if !ok {
		return err
	}
	if _, rest, ok := strings.Cut(why, ": "); ok {
		why = rest
	}
	kind := errs.KindOf(err)
	for _, fault := range []string{
		"no such file or directory", "not a directory", "is a directory", "file exists", "unexpected EOF", "invalid tar header",
		"file name too long", "too many levels of symbolic links", "invalid argument", "unhandled tar header", "invalid", "unexpected",
	} {
		if kind == errs.Internal && strings.Contains(why, fault) && !strings.Contains(why, "no space left") {
			kind = errs.Corrupt
		}
	}
	return errs.New(kind, "unpack layer %s: %s", layer, why)
}
