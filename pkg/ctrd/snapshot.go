package ctrd

import (
	"context"

	leases "github.com/containerd/containerd/api/services/leases/v1"
	snapshots "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/types"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Rootfs is how a container's root is mounted: opaque, from Prepare to CreateTask.
type Rootfs []*types.Mount

// Prepare makes lease id and, under it, the writable snapshot id on top of
// parent (a chain id; empty: nothing below). Idempotent.
func (c *Client) Prepare(ctx context.Context, id, parent string) (Rootfs, error) {
	_, err := c.leases().Create(ctx, &leases.CreateRequest{ID: id})
	if err := unless(err, errs.Conflict); err != nil {
		return nil, err
	}
	req := &snapshots.PrepareSnapshotRequest{Snapshotter: Snapshotter, Key: id, Parent: parent}
	r, err := c.snapshots().Prepare(underLease(ctx, id), req)
	if images.OrphanFolder(err) {
		r, err = c.snapshots().Prepare(underLease(ctx, id), req)
	}
	if errs.Is(err, errs.Conflict) {
		return c.Mounts(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	return r.Mounts, nil
}

// Mounts returns how snapshot id is mounted.
func (c *Client) Mounts(ctx context.Context, id string) (Rootfs, error) {
	r, err := c.snapshots().Mounts(ctx, &snapshots.MountsRequest{Snapshotter: Snapshotter, Key: id})
	if err != nil {
		return nil, err
	}
	return r.Mounts, nil
}

// RemoveSnapshot removes snapshot id. Idempotent.
func (c *Client) RemoveSnapshot(ctx context.Context, id string) error {
	_, err := c.snapshots().Remove(ctx, &snapshots.RemoveSnapshotRequest{Snapshotter: Snapshotter, Key: id})
	return unless(err, errs.NotFound)
}

// RemoveLease removes lease id; what only it held is collected later. Idempotent.
func (c *Client) RemoveLease(ctx context.Context, id string) error {
	_, err := c.leases().Delete(ctx, &leases.DeleteRequest{ID: id})
	return unless(err, errs.NotFound)
}
