package ctrd

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Mount is containerd.types.Mount.
type Mount struct {
	Type    string   `pb:"1"`
	Source  string   `pb:"2"`
	Target  string   `pb:"3"`
	Options []string `pb:"4"`
}

// Rootfs is how a container's root is mounted, from Prepare to CreateTask.
type Rootfs []Mount

// snapshot names one to the snapshots service.
type snapshot struct {
	Snapshotter string            `pb:"1"`
	Key         string            `pb:"2"`
	Parent      string            `pb:"3"`
	Labels      map[string]string `pb:"4"`
}

// mounts is the answer of Prepare and Mounts.
type mounts struct {
	Mounts []Mount `pb:"1"`
}

// rooted keeps containerd from collecting an object that nothing refers to yet
// (docs/garbage-collection.md of containerd). A lease would do the same with two
// more transactions a run, each waiting for the disk.
const rooted = "containerd.io/gc.root"

// Prepare makes the writable snapshot id on top of parent (a chain id; empty:
// nothing below). It stays until RemoveSnapshot. Idempotent.
func (c *Client) Prepare(ctx context.Context, id, parent string) (Rootfs, error) {
	req := snapshot{Snapshotter, id, parent, map[string]string{rooted: "pouch"}}
	var r mounts
	err := c.make(ctx, "snapshots.v1.Snapshots/Prepare", req, &r)
	if images.OrphanFolder(err) {
		err = c.make(ctx, "snapshots.v1.Snapshots/Prepare", req, &r)
	}
	if errs.Is(err, errs.Conflict) {
		return c.Mounts(ctx, id)
	}
	return r.Mounts, err
}

// Mounts returns how snapshot id is mounted.
func (c *Client) Mounts(ctx context.Context, id string) (Rootfs, error) {
	var r mounts
	err := c.call(ctx, "snapshots.v1.Snapshots/Mounts", snapshot{Snapshotter: Snapshotter, Key: id}, &r)
	return r.Mounts, err
}

// RemoveSnapshot removes snapshot id. Idempotent.
func (c *Client) RemoveSnapshot(ctx context.Context, id string) error {
	err := c.call(ctx, "snapshots.v1.Snapshots/Remove", snapshot{Snapshotter: Snapshotter, Key: id}, &wire.Empty{})
	return unless(err, errs.NotFound)
}
