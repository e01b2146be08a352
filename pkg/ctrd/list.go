package ctrd

import (
	"context"
	"errors"
	"io"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Objects is what containerd has in the namespace, by id; a container of Pouch
// has the same id in each of them.
type Objects struct {
	Containers, Tasks []string
	Snapshots         []string // active ones: the roots of containers
}

// taskIDs is containerd.services.tasks.v1.ListTasksResponse.
type taskIDs struct {
	Tasks []struct {
		ContainerID string `pb:"1"`
		ID          string `pb:"2"`
	} `pb:"1"`
}

// Objects lists them.
func (c *Client) Objects(ctx context.Context) (*Objects, error) {
	o := &Objects{}
	var cs struct {
		Containers []byID `pb:"1"`
	}
	if err := c.call(ctx, "containers.v1.Containers/List", wire.Empty{}, &cs); err != nil {
		return nil, err
	}
	for _, x := range cs.Containers {
		o.Containers = append(o.Containers, x.ID)
	}
	var ts taskIDs
	if err := c.call(ctx, "tasks.v1.Tasks/List", wire.Empty{}, &ts); err != nil {
		return nil, err
	}
	for _, x := range ts.Tasks {
		o.Tasks = append(o.Tasks, x.ID)
	}
	var err error
	o.Snapshots, err = c.activeSnapshots(ctx)
	return o, err
}

// active is ACTIVE of containerd.services.snapshots.v1.Kind.
const active = 2

func (c *Client) activeSnapshots(ctx context.Context) ([]string, error) {
	const method = "snapshots.v1.Snapshots/List"
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	s, err := c.Conn.Open(ctx, services+method, rpc.Metadata{"containerd-namespace": c.Namespace}, snapshot{Snapshotter: Snapshotter})
	if err != nil {
		return nil, c.kind(method, err)
	}
	defer s.Close()
	var out []string
	for {
		var r struct {
			Info []struct {
				Name string `pb:"1"`
				Kind int32  `pb:"3"`
			} `pb:"1"`
		}
		err := s.Recv(&r)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, c.kind(method, err)
		}
		for _, i := range r.Info {
			if i.Kind == active {
				out = append(out, i.Name)
			}
		}
	}
}
