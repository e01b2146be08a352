package ctrd

import (
	"context"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	sandbox "github.com/containerd/containerd/api/services/sandbox/v1"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// specType is containerd's type URL of an OCI runtime spec in JSON.
const specType = "types.containerd.io/opencontainers/runtime-spec/1/Spec"

// supervised is the one sandbox record that all of Pouch's containers name, so
// that containerd takes their supervisors' addresses from CreateTask instead of
// starting a shim.
const supervised = "pouch"

// ContainerRecord is what containerd keeps of a container.
type ContainerRecord struct {
	ID     string
	Image  string // reference
	Shim   string // path of containerd-shim-pouch-v2, which cleans up a dead supervisor
	Spec   []byte // OCI runtime spec, JSON
	Labels map[string]string
}

// CreateContainer writes the record, replacing one that is there: idempotent.
func (c *Client) CreateContainer(ctx context.Context, r ContainerRecord) error {
	rec := &containers.Container{
		ID: r.ID, Labels: r.Labels, Image: r.Image,
		Runtime:     &containers.Container_Runtime{Name: r.Shim},
		Spec:        &anypb.Any{TypeUrl: specType, Value: r.Spec},
		Snapshotter: Snapshotter, SnapshotKey: r.ID, Sandbox: supervised,
	}
	_, err := c.containers().Create(ctx, &containers.CreateContainerRequest{Container: rec})
	if errs.Is(err, errs.Conflict) {
		_, err = c.containers().Update(ctx, &containers.UpdateContainerRequest{Container: rec})
	}
	return err
}

// RemoveContainer removes the record. Idempotent.
func (c *Client) RemoveContainer(ctx context.Context, id string) error {
	_, err := c.containers().Delete(ctx, &containers.DeleteContainerRequest{ID: id})
	return unless(err, errs.NotFound)
}

// EnsureSupervised makes the sandbox record that CreateTask needs. Idempotent.
func (c *Client) EnsureSupervised(ctx context.Context) error {
	_, err := c.sandboxes().Get(ctx, &sandbox.StoreGetRequest{SandboxID: supervised})
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	_, err = c.sandboxes().Create(ctx, &sandbox.StoreCreateRequest{Sandbox: &types.Sandbox{
		SandboxID: supervised, Runtime: &types.Sandbox_Runtime{Name: "io.containerd.pouch.v2"},
	}})
	return unless(err, errs.Conflict)
}
