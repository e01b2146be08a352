package csi

import (
	"context"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
)

// Room is how much a driver can still give; 0 of Largest and Smallest: it does not say.
type Room struct {
	Available int64 `json:"available"`
	Largest   int64 `json:"largest,omitempty"`
	Smallest  int64 `json:"smallest,omitempty"`
}

// Capacity asks how much room there is for volumes with such options (CSI spec,
// GetCapacity). It fails with kind unsupported when the driver does not tell.
func (c *Client) Capacity(ctx context.Context, opts map[string]string) (*Room, error) {
	o, err := parseOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := c.serve(ctx, o); err != nil {
		return nil, err
	}
	if err := c.need(spec.ControllerServiceCapability_RPC_GET_CAPACITY, "tell its capacity"); err != nil {
		return nil, err
	}
	ctrl := spec.NewControllerClient(c.controller)
	a, err := call(ctx, c, c.controller, "GetCapacity", ctrl.GetCapacity, &spec.GetCapacityRequest{
		VolumeCapabilities: []*spec.VolumeCapability{c.capability(o)}, Parameters: o.params,
	})
	if err != nil {
		return nil, err
	}
	return &Room{a.GetAvailableCapacity(), a.GetMaximumVolumeSize().GetValue(), a.GetMinimumVolumeSize().GetValue()}, nil
}
