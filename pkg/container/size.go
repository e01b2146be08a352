package container

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Size is the disk space of a container's root, in bytes.
type Size struct {
	RW     int64 // of what the container has written
	RootFs int64 // with the image below it
}

// InspectSize is Inspect with the sizes of the root, which containerd tells.
func (m *Manager) InspectSize(ctx context.Context, target string) (*Info, error) {
	i, err := m.Inspect(ctx, target)
	if err != nil {
		return nil, err
	}
	c, err := m.Store.Container(i.ID)
	if err != nil {
		return nil, err
	}
	list := []Summary{{Container: c}}
	if err := m.addSizes(ctx, list); err != nil {
		return nil, err
	}
	i.SizeRw, i.SizeRootFs = &list[0].Size.RW, &list[0].Size.RootFs
	return i, nil
}

// addSizes fills in the sizes of a list. The layers of an image are counted once.
func (m *Manager) addSizes(ctx context.Context, list []Summary) error {
	if len(list) == 0 {
		return nil
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	layers := map[string]int64{"": 0}
	for i, s := range list {
		rw, err := cl.SnapshotUsage(ctx, s.Container.SnapshotKey())
		if errs.Is(err, errs.NotFound) { // removed meanwhile, or it has a folder of the host as its root
			list[i].Size = &Size{}
			continue
		}
		if err != nil {
			return err
		}
		below, err := chainSize(ctx, cl, s.Container.Image.ChainID, layers)
		if err != nil {
			return err
		}
		list[i].Size = &Size{RW: rw, RootFs: rw + below}
	}
	return nil
}

// chainSize is the size of layer chain and all below it; layers remembers.
func chainSize(ctx context.Context, cl *ctrd.Client, chain string, layers map[string]int64) (int64, error) {
	if n, known := layers[chain]; known {
		return n, nil
	}
	n, err := cl.SnapshotUsage(ctx, chain)
	if errs.Is(err, errs.NotFound) { // the image is gone
		return 0, nil
	}
	var parent string
	if err == nil {
		parent, err = cl.SnapshotParent(ctx, chain)
	}
	if err != nil {
		return 0, err
	}
	below, err := chainSize(ctx, cl, parent, layers)
	layers[chain] = n + below
	return n + below, err
}
