package csi

import (
	"context"
	"errors"

	spec "github.com/container-storage-interface/spec/lib/go/csi"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Remove has the driver delete v (CSI spec, DeleteVolume). Of a volume whose making was never
// answered it first asks for its id, which is to ask for the volume again. A
// volume that is gone is fine. Idempotent.
func (c *Client) Remove(ctx context.Context, v *record.Volume, save func() error) error {
	o, err := c.ready(ctx, v)
	if err != nil {
		return err
	}
	f := v.Foreign
	if f.Handle == "" {
		err := c.make(ctx, v, o, save)
		if x, ok := errors.AsType[failure](err); ok && x.certain {
			return nil // there is none
		}
		if err != nil {
			return err
		}
	}
	sec, err := secrets(o.secret)
	if err != nil {
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	_, err = call(ctx, c, c.controller, "DeleteVolume", ctrl.DeleteVolume, &spec.DeleteVolumeRequest{VolumeId: f.Handle, Secrets: sec})
	return gone(err)
}
