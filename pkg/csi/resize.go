package csi

import (
	"context"
	"slices"

	spec "github.com/container-storage-interface/spec/lib/go/csi"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Resize has the driver make v larger, and the file system of one that is on
// this host follow; of another it follows when it is mounted (CSI spec, ControllerExpandVolume,
// NodeExpandVolume). It fails with kind invalid for less than v has, with
// unsupported when the driver cannot, and with in_use when it can only while
// nobody uses the volume. Idempotent.
func (c *Client) Resize(ctx context.Context, v *record.Volume, size int64, at string, save func() error) error {
	f := v.Foreign
	if size < f.Capacity {
		return errs.New(errs.Invalid, "the volume has %d bytes: it cannot become smaller", f.Capacity)
	}
	o, err := c.ready(ctx, v)
	if err != nil {
		return err
	}
	byCtrl, byNode := c.can(spec.ControllerServiceCapability_RPC_EXPAND_VOLUME), c.nodeCan(spec.NodeServiceCapability_RPC_EXPAND_VOLUME)
	if !byCtrl && !byNode {
		return c.need(spec.ControllerServiceCapability_RPC_EXPAND_VOLUME, "make volumes larger")
	}
	if f.Here() && !slices.Contains(c.expansion, spec.PluginCapability_VolumeExpansion_ONLINE) {
		return errs.New(errs.InUse, "driver %s makes a volume larger only while it is not in use: stop its containers first", c.Name)
	}
	f.Grow = byNode
	if err := save(); err != nil {
		return err
	}
	if byCtrl {
		if err := c.expand(ctx, v, o, size); err != nil {
			return err
		}
	}
	if !byCtrl {
		f.Capacity = size // for its file system, should that follow later
	}
	if err := save(); err != nil {
		return err
	}
	if !f.Published {
		return nil
	}
	sec, err := secrets(o.secret)
	if err != nil {
		return err
	}
	b := bringing{c: c, v: v, o: o, at: at, secrets: sec, save: save}
	return b.grow(ctx)
}

func (c *Client) expand(ctx context.Context, v *record.Volume, o *options, size int64) error {
	f := v.Foreign
	sec, err := secrets(o.secret)
	if err != nil {
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	a, err := call(ctx, c, c.controller, "ControllerExpandVolume", ctrl.ControllerExpandVolume, &spec.ControllerExpandVolumeRequest{
		VolumeId: f.Handle, CapacityRange: capacity(size, 0), Secrets: sec, VolumeCapability: c.capability(o),
	})
	if err != nil {
		return err
	}
	f.Capacity = a.GetCapacityBytes()
	f.Grow = f.Grow && a.GetNodeExpansionRequired()
	return nil
}

// grow has the file system of a volume follow its size.
func (b *bringing) grow(ctx context.Context) error {
	c, f := b.c, b.v.Foreign
	if !f.Grow {
		return nil
	}
	if c.nodeCan(spec.NodeServiceCapability_RPC_EXPAND_VOLUME) {
		node := spec.NewNodeClient(c.node)
		a, err := call(ctx, c, c.node, "NodeExpandVolume", node.NodeExpandVolume, &spec.NodeExpandVolumeRequest{
			VolumeId: f.Handle, VolumePath: b.at, StagingTargetPath: c.stagingIfOffered(b.at),
			CapacityRange: capacity(max(f.Capacity, b.o.size), 0), VolumeCapability: c.capability(b.o), Secrets: b.secrets,
		})
		if err != nil {
			return err
		}
		f.Capacity = max(f.Capacity, a.GetCapacityBytes())
	}
	f.Grow = false
	return b.save()
}
