package ctrd

import "context"

// SnapshotUsage returns the disk space that snapshot key takes itself, without
// its parents, in bytes; of one that is written to, containerd counts it now.
func (c *Client) SnapshotUsage(ctx context.Context, key string) (int64, error) {
	var r struct {
		Size int64 `pb:"1"`
	}
	err := c.call(ctx, "snapshots.v1.Snapshots/Usage", snapshot{Snapshotter: Snapshotter, Key: key}, &r)
	return r.Size, err
}

// SnapshotParent returns the snapshot below key, "" when there is none.
func (c *Client) SnapshotParent(ctx context.Context, key string) (string, error) {
	var r struct {
		Info struct {
			Parent string `pb:"2"`
		} `pb:"1"`
	}
	err := c.call(ctx, "snapshots.v1.Snapshots/Stat", snapshot{Snapshotter: Snapshotter, Key: key}, &r)
	return r.Info.Parent, err
}
