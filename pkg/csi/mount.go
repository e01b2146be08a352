package csi

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Mount brings v to this host and to the path at: ControllerPublishVolume and NodeStageVolume
// where the driver offers them, then NodePublishVolume (CSI spec, "Volume
// lifecycle"). Each is written down before it is asked for, and all are asked for again
// after a crash: that is allowed, and gives one mount. A volume that has grown has
// its file system follow. Idempotent.
func (c *Client) Mount(ctx context.Context, v *record.Volume, at string, save func() error) error {
	o, err := c.ready(ctx, v)
	if err != nil {
		return err
	}
	sec, err := secrets(o.secret)
	if err != nil {
		return err
	}
	b := bringing{c: c, v: v, o: o, at: at, secrets: sec, save: save}
	for _, step := range []func(context.Context) error{b.attach, b.stage, b.publish, b.grow} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bringing is a volume on its way to this host.
type bringing struct {
	c       *Client
	v       *record.Volume
	o       *options
	at      string
	secrets map[string]string
	save    func() error
}

// staging is the folder where the driver prepares a volume whose data is at at.
func staging(at string) string { return filepath.Join(filepath.Dir(at), "staging") }

// stagingIfOffered is staging, or nothing for a driver that does not stage.
func (c *Client) stagingIfOffered(at string) string {
	if c.nodeCan(spec.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME) {
		return staging(at)
	}
	return ""
}

// attach has the controller give the volume to this host.
func (b *bringing) attach(ctx context.Context) error {
	c, f := b.c, b.v.Foreign
	if !c.can(spec.ControllerServiceCapability_RPC_PUBLISH_UNPUBLISH_VOLUME) {
		return nil
	}
	node := spec.NewNodeClient(c.node)
	info, err := call(ctx, c, c.node, "NodeGetInfo", node.NodeGetInfo, &spec.NodeGetInfoRequest{})
	if err != nil {
		return err
	}
	f.Attached, f.Node = true, info.GetNodeId()
	if err := b.save(); err != nil {
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	a, err := call(ctx, c, c.controller, "ControllerPublishVolume", ctrl.ControllerPublishVolume, &spec.ControllerPublishVolumeRequest{
		VolumeId: f.Handle, NodeId: f.Node, VolumeCapability: c.capability(b.o),
		Readonly: b.o.readOnly() && c.can(spec.ControllerServiceCapability_RPC_PUBLISH_READONLY),
		Secrets:  b.secrets, VolumeContext: f.Context,
	})
	if err != nil {
		return err
	}
	if err := small(c.Name, a.GetPublishContext()); err != nil {
		return err
	}
	f.Attach = a.GetPublishContext()
	return b.save()
}

// stage has the driver prepare the volume on this host.
func (b *bringing) stage(ctx context.Context) error {
	c, f := b.c, b.v.Foreign
	dir := c.stagingIfOffered(b.at)
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	f.Staged = true
	if err := b.save(); err != nil {
		return err
	}
	node := spec.NewNodeClient(c.node)
	_, err := call(ctx, c, c.node, "NodeStageVolume", node.NodeStageVolume, &spec.NodeStageVolumeRequest{
		VolumeId: f.Handle, PublishContext: f.Attach, StagingTargetPath: dir,
		VolumeCapability: c.capability(b.o), Secrets: b.secrets, VolumeContext: f.Context,
	})
	return err
}

// publish has the driver put the volume at its place, which is the driver's to make.
func (b *bringing) publish(ctx context.Context) error {
	c, f := b.c, b.v.Foreign
	if err := makeRoom(b.at); err != nil {
		return err
	}
	f.Published = true
	if err := b.save(); err != nil {
		return err
	}
	node := spec.NewNodeClient(c.node)
	_, err := call(ctx, c, c.node, "NodePublishVolume", node.NodePublishVolume, &spec.NodePublishVolumeRequest{
		VolumeId: f.Handle, PublishContext: f.Attach, StagingTargetPath: c.stagingIfOffered(b.at), TargetPath: b.at,
		VolumeCapability: c.capability(b.o), Readonly: b.o.readOnly(), Secrets: b.secrets, VolumeContext: f.Context,
	})
	if err != nil {
		return err
	}
	return b.look()
}

// makeRoom takes an empty folder away where nothing is mounted.
func makeRoom(at string) error {
	err := os.Remove(at)
	for _, fine := range []error{unix.ENOENT, unix.EBUSY, unix.ENOTEMPTY} {
		if errors.Is(err, fine) {
			return nil
		}
	}
	return err
}

// look checks that what was published is seen here, and is what it should be. A
// driver that mounts in a namespace of its own leaves the bare folder here: what is
// written there would be lost to the volume.
func (b *bringing) look() error {
	st, err := os.Lstat(b.at) // never elsewhere
	mounted := err == nil
	if err == nil && st.IsDir() && !b.o.block {
		mounted, err = mount.Mounted(b.at)
	}
	if !mounted {
		return errs.New(errs.Unavailable, "driver %s has published the volume, and it is not mounted at %s here: a driver in a mount namespace of its own needs that folder with shared propagation", b.c.Name, b.at)
	}
	if err != nil {
		return err
	}
	if isDevice := st.Mode().Type() == os.ModeDevice; isDevice != b.o.block || !b.o.block && !st.IsDir() {
		return errs.New(errs.Corrupt, "driver %s has published a %s, a %s was asked for", b.c.Name, st.Mode().Type(), sort(b.o.block))
	}
	return nil
}

func sort(block bool) string {
	if block {
		return "block device"
	}
	return "folder"
}

// gone says that there being no such thing is fine.
func gone(err error) error {
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}
