package container

import (
	"slices"

	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// room is what a root that is full needs beyond its limit to be mounted: for each
// mount the overlay makes a folder in its layer, or is read-only when it cannot
// (ovl_make_workdir of Linux), and on xfs root is bound by limits, too. xfs asks for
// more than it takes in the end.
const room = 1 << 20

// makeRoom raises the limit of c's root, in the folders layers, as long as it is
// being mounted, if it is full. Nothing of the container runs meanwhile. Who is killed
// before back is called leaves a limit that is higher by room, until the next start.
func makeRoom(c *record.Container, layers []string) (back func() error, err error) {
	nothing := func() error { return nil }
	i := slices.IndexFunc(c.Projects, func(p record.Project) bool { return p.Path == rootPath })
	if i < 0 || len(layers) == 0 {
		return nothing, nil
	}
	p, dir := c.Projects[i], layers[0]
	use, err := quota.Read(dir, p.ID)
	if err != nil || use.UsedBytes+room < p.Size {
		return nothing, err
	}
	if err := quota.SetLimit(dir, p.ID, quota.Limit{Bytes: max(p.Size, use.UsedBytes) + room}); err != nil {
		return nothing, err
	}
	return func() error { return quota.SetLimit(dir, p.ID, quota.Limit{Bytes: p.Size}) }, nil
}
