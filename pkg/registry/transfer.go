package registry

import (
	"context"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/types"
)

// transfer copies src to dest, in the form that dest wants.
func transfer(ctx context.Context, dest, src types.ImageReference, sys *types.SystemContext) error {
	pc, err := acceptAll()
	if err != nil {
		return err
	}
	defer pc.Destroy()
	_, err = copy.Image(ctx, pc, dest, src, &copy.Options{
		SourceCtx: sys, DestinationCtx: sys,
		RemoveSignatures: true, // the store keeps none
	})
	return cause(ctx, err)
}
