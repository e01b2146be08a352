package csi

import (
	"context"
	"errors"
	"maps"

	spec "github.com/container-storage-interface/spec/lib/go/csi"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Create has the driver make v, or takes the one that the option handle names
// (CSI spec, CreateVolume, ValidateVolumeCapabilities). The name that the driver
// is told is v's id, so asking again gives the same volume. It fails with
// kind invalid for bad options, with conflict, in_use, denied, unsupported and
// unavailable as the driver says. Idempotent.
func (c *Client) Create(ctx context.Context, v *record.Volume, save func() error) error {
	o, err := c.ready(ctx, v)
	if err != nil {
		return err
	}
	if c.has(spec.PluginCapability_Service_VOLUME_ACCESSIBILITY_CONSTRAINTS) {
		c.note("driver " + c.Name + " has a topology, which is not looked at: the volume may lie where this host cannot reach it")
	}
	f := v.Foreign
	f.Block, f.ReadOnly = o.block, o.readOnly()
	if v.Scope == "" {
		v.Scope = "global"
	}
	if o.handle != "" {
		return c.take(ctx, v, o, save)
	}
	if err := c.need(spec.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME, "make volumes (give one that is there with -o handle=ID)"); err != nil {
		return err
	}
	return c.make(ctx, v, o, save)
}

// ready reads v's options and connects.
func (c *Client) ready(ctx context.Context, v *record.Volume) (*options, error) {
	o, err := parseOptions(v.Options)
	if err != nil {
		return nil, err
	}
	return o, c.serve(ctx, o)
}

func (c *Client) make(ctx context.Context, v *record.Volume, o *options, save func() error) error {
	f, before := v.Foreign, v.Foreign.Asked
	q, err := c.creation(v, o)
	if err != nil {
		return err
	}
	f.Asked = true
	if err := save(); err != nil {
		f.Asked = before
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	a, err := call(ctx, c, c.controller, "CreateVolume", ctrl.CreateVolume, q)
	if err != nil {
		if x, ok := errors.AsType[failure](err); ok && x.certain && !before {
			f.Asked = false
		}
		return err
	}
	return c.made(v, a.GetVolume(), save)
}

// made keeps what the driver told of a new volume.
func (c *Client) made(v *record.Volume, got *spec.Volume, save func() error) error {
	f := v.Foreign
	if got.GetVolumeId() == "" {
		return errs.New(errs.Corrupt, "driver %s: CreateVolume gave no volume id", c.Name)
	}
	if err := small(c.Name, got.GetVolumeContext(), map[string]string{"id": got.GetVolumeId()}); err != nil {
		return err
	}
	f.Handle, f.Context, f.Capacity, f.Made = got.GetVolumeId(), got.GetVolumeContext(), got.GetCapacityBytes(), true
	return save()
}

// maxTold bounds what is kept of a driver's words: its records must stay readable.
// The interface allows it 4 KiB of them (CSI spec, "Size Limits").
const maxTold = 64 << 10

func small(driver string, told ...map[string]string) error {
	n := 0
	for _, m := range told {
		for k, v := range m {
			n += len(k) + len(v)
		}
	}
	if n > maxTold {
		return errs.New(errs.Corrupt, "driver %s tells %d bytes about a volume, more than %d", driver, n, maxTold)
	}
	return nil
}

// creation is the request. Nothing in it may differ from one try to the next.
func (c *Client) creation(v *record.Volume, o *options) (*spec.CreateVolumeRequest, error) {
	sec, err := secrets(o.secret)
	if err != nil {
		return nil, err
	}
	q := &spec.CreateVolumeRequest{
		Name:               "pouch-" + v.Foreign.ID,
		CapacityRange:      capacity(o.size, o.limit),
		VolumeCapabilities: []*spec.VolumeCapability{c.capability(o)},
		Parameters:         o.params,
		Secrets:            sec,
	}
	if s := v.Foreign.Source; s != nil && s.Snapshot != "" {
		q.VolumeContentSource = &spec.VolumeContentSource{Type: &spec.VolumeContentSource_Snapshot{
			Snapshot: &spec.VolumeContentSource_SnapshotSource{SnapshotId: s.Snapshot},
		}}
		return q, c.need(spec.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT, "make volumes of snapshots")
	}
	if s := v.Foreign.Source; s != nil && s.Volume != "" {
		q.VolumeContentSource = &spec.VolumeContentSource{Type: &spec.VolumeContentSource_Volume{
			Volume: &spec.VolumeContentSource_VolumeSource{VolumeId: s.Volume},
		}}
		return q, c.need(spec.ControllerServiceCapability_RPC_CLONE_VOLUME, "clone volumes")
	}
	return q, nil
}

// take makes v out of a volume that the driver has; it stays when v goes.
func (c *Client) take(ctx context.Context, v *record.Volume, o *options, save func() error) error {
	f := v.Foreign
	f.Given, f.Handle, f.Context = true, o.handle, maps.Clone(o.context)
	if c.has(spec.PluginCapability_Service_CONTROLLER_SERVICE) {
		sec, err := secrets(o.secret)
		if err != nil {
			return err
		}
		ctrl := spec.NewControllerClient(c.controller)
		a, err := call(ctx, c, c.controller, "ValidateVolumeCapabilities", ctrl.ValidateVolumeCapabilities, &spec.ValidateVolumeCapabilitiesRequest{
			VolumeId: o.handle, VolumeContext: o.context, VolumeCapabilities: []*spec.VolumeCapability{c.capability(o)}, Secrets: sec,
		})
		switch {
		case errs.Is(err, errs.Unsupported): // older drivers
		case err != nil:
			return err
		case a.GetConfirmed() == nil:
			return errs.New(errs.Invalid, "driver %s: volume %s cannot be used so: %s", c.Name, o.handle, a.GetMessage())
		}
	}
	f.Made = true
	return save()
}
