package csi

import (
	"context"
	"errors"
	"os"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Unmount undoes Mount, last step first: NodeUnpublishVolume, NodeUnstageVolume,
// ControllerUnpublishVolume. What may have been done is undone too, and what the driver
// does not know is fine. It goes no further than a step that fails; what cannot be
// written down, on a full disk, is done all the same: the record then tells of
// more than there is, which asking again finds. Idempotent.
func (c *Client) Unmount(ctx context.Context, v *record.Volume, at string, save func() error) error {
	o, err := c.ready(ctx, v)
	if err != nil {
		return err
	}
	var unsaved error
	t := taking{c: c, v: v, o: o, at: at, save: func() error { unsaved = save(); return nil }}
	for _, step := range []func(context.Context) error{t.unpublish, t.unstage, t.detach} {
		if err := step(ctx); err != nil {
			return errors.Join(err, unsaved)
		}
	}
	return unsaved
}

// taking is a volume on its way off this host.
type taking struct {
	c    *Client
	v    *record.Volume
	o    *options
	at   string
	save func() error
}

// unpublish also takes this namespace's own copy of the mount away, which would
// keep the file system in use where mounts do not follow the driver's.
func (t *taking) unpublish(ctx context.Context) error {
	c, f := t.c, t.v.Foreign
	if !f.Published {
		return nil
	}
	node := spec.NewNodeClient(c.node)
	_, err := call(ctx, c, c.node, "NodeUnpublishVolume", node.NodeUnpublishVolume, &spec.NodeUnpublishVolumeRequest{VolumeId: f.Handle, TargetPath: t.at})
	if gone(err) != nil {
		return err
	}
	if err := mount.UnmountAll(t.at); err != nil {
		return err
	}
	f.Published = false
	return t.save()
}

func (t *taking) unstage(ctx context.Context) error {
	c, f := t.c, t.v.Foreign
	if !f.Staged {
		return nil
	}
	dir := staging(t.at)
	if !c.nodeCan(spec.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME) {
		f.Staged = false // the driver has forgotten how: it has nothing staged
		return t.save()
	}
	node := spec.NewNodeClient(c.node)
	_, err := call(ctx, c, c.node, "NodeUnstageVolume", node.NodeUnstageVolume, &spec.NodeUnstageVolumeRequest{VolumeId: f.Handle, StagingTargetPath: dir})
	if gone(err) != nil {
		return err
	}
	if err := mount.UnmountAll(dir); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTEMPTY) {
		return err
	}
	f.Staged = false
	return t.save()
}

func (t *taking) detach(ctx context.Context) error {
	c, f := t.c, t.v.Foreign
	if !f.Attached {
		return nil
	}
	sec, err := secrets(t.o.secret)
	if err != nil {
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	_, err = call(ctx, c, c.controller, "ControllerUnpublishVolume", ctrl.ControllerUnpublishVolume, &spec.ControllerUnpublishVolumeRequest{VolumeId: f.Handle, NodeId: f.Node, Secrets: sec})
	if gone(err) != nil {
		return err
	}
	f.Attached, f.Attach, f.Node = false, nil, ""
	return t.save()
}
