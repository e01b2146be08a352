package registry

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Delete removes an image from where it is: of a registry the manifest, and so
// every tag of it; the registry's own garbage collection frees the space. An
// image that is not there has kind not_found; a registry that does not allow it
// kind unsupported or denied. containerd's images are removed by their names.
func Delete(ctx context.Context, e End) error {
	if e.Transport != Docker && e.Transport != OCILayout && e.Transport != Folder {
		return errs.New(errs.Unsupported, "%s: delete is for docker://NAME, oci:FOLDER:NAME and dir:FOLDER", e.Place)
	}
	err := trying(ctx, e.Options, func(ctx context.Context) error {
		ref, sys, release, err := e.source(ctx)
		if err != nil {
			return err
		}
		defer release()
		wait, _, stop := expiring(ctx, 4*e.idle())
		defer stop()
		return cause(ctx, ref.DeleteImage(wait, sys))
	})
	full, perr := imageref.Normalize(e.Rest)
	if perr != nil || e.Transport != Docker {
		return fault(err, "delete "+e.String())
	}
	return e.explainedAlone(err, "delete "+e.String(), full)
}
