package csi

import (
	"context"

	spec "github.com/container-storage-interface/spec/lib/go/csi"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Status tells how v is known to its driver and how far it is; of one on this host
// also what is in use (CSI spec, NodeGetVolumeStats). What the driver does not
// answer is left out, its error is told.
func (c *Client) Status(ctx context.Context, v *record.Volume, at string) (map[string]any, error) {
	f := v.Foreign
	out := map[string]any{"state": state(f), "handle": f.Handle}
	if f.Capacity > 0 {
		out["capacity"] = f.Capacity
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.look)
	defer cancel()
	if _, err := c.ready(ctx, v); err != nil {
		return out, err
	}
	out["driver"], out["version"] = c.Name, c.Version
	space, files, err := c.stats(ctx, v, at)
	if space != nil {
		out["bytes"] = space
	}
	if files != nil {
		out["inodes"] = files
	}
	return out, err
}

// Usage is bytes or files of a volume.
type Usage struct {
	Total     int64 `json:"total"`
	Used      int64 `json:"used"`
	Available int64 `json:"available"`
}

// stats asks what is in use of v, published at the path at; both nil when the driver does
// not tell or v is not on this host.
func (c *Client) stats(ctx context.Context, v *record.Volume, at string) (space, files *Usage, err error) {
	if !v.Foreign.Published || !c.nodeCan(spec.NodeServiceCapability_RPC_GET_VOLUME_STATS) {
		return nil, nil, nil
	}
	node := spec.NewNodeClient(c.node)
	a, err := call(ctx, c, c.node, "NodeGetVolumeStats", node.NodeGetVolumeStats, &spec.NodeGetVolumeStatsRequest{
		VolumeId: v.Foreign.Handle, VolumePath: at, StagingTargetPath: c.stagingIfOffered(at),
	})
	for _, u := range a.GetUsage() {
		got := &Usage{u.GetTotal(), u.GetUsed(), u.GetAvailable()}
		switch u.GetUnit() {
		case spec.VolumeUsage_BYTES:
			space = got
		case spec.VolumeUsage_INODES:
			files = got
		}
	}
	return space, files, err
}

// Used tells the bytes in use of v, which is on this host at the path at; -1 when
// its driver does not tell.
func (c *Client) Used(ctx context.Context, v *record.Volume, at string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.look)
	defer cancel()
	if _, err := c.ready(ctx, v); err != nil {
		return -1, err
	}
	space, _, err := c.stats(ctx, v, at)
	if space == nil {
		return -1, err
	}
	return space.Used, err
}

// state is the furthest step, in a word.
func state(f *record.Foreign) string {
	switch {
	case f.Removing:
		return "removing"
	case !f.Made:
		return "creating"
	case f.Published && f.Ready != "":
		return "published"
	case f.Here():
		return "moving"
	}
	return "created"
}
