package ctrd

import (
	"context"
	"errors"
	"io"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	leases "github.com/containerd/containerd/api/services/leases/v1"
	snapshots "github.com/containerd/containerd/api/services/snapshots/v1"
	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/grpc/metadata"
)

// Objects is what containerd has in the namespace, by id; a container of Pouch
// has the same id in each of them.
type Objects struct {
	Containers, Tasks, Leases []string
	Snapshots                 []string // active ones: the roots of containers
}

// Objects lists them.
func (c *Client) Objects(ctx context.Context) (*Objects, error) {
	o := &Objects{}
	cs, err := c.containers().List(ctx, &containers.ListContainersRequest{})
	if err != nil {
		return nil, err
	}
	for _, x := range cs.Containers {
		o.Containers = append(o.Containers, x.ID)
	}
	ts, err := c.tasks().List(ctx, &tasks.ListTasksRequest{})
	if err != nil {
		return nil, err
	}
	for _, x := range ts.Tasks {
		o.Tasks = append(o.Tasks, x.ID)
	}
	ls, err := c.leases().List(ctx, &leases.ListRequest{})
	if err != nil {
		return nil, err
	}
	for _, x := range ls.Leases {
		o.Leases = append(o.Leases, x.ID)
	}
	o.Snapshots, err = c.activeSnapshots(ctx)
	return o, err
}

func (c *Client) activeSnapshots(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, "containerd-namespace", c.Namespace), CallTimeout)
	defer cancel()
	s, err := c.snapshots().List(ctx, &snapshots.ListSnapshotsRequest{Snapshotter: Snapshotter})
	if err != nil {
		return nil, c.kind("Snapshots/List", err)
	}
	var out []string
	for {
		r, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, c.kind("Snapshots/List", err)
		}
		for _, i := range r.Info {
			if i.Kind == snapshots.Kind_ACTIVE {
				out = append(out, i.Name)
			}
		}
	}
}
