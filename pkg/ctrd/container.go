package ctrd

import (
	"cmp"
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// specType is containerd's type URL of an OCI runtime spec in JSON.
const specType = "types.containerd.io/opencontainers/runtime-spec/1/Spec"

// supervised is the one sandbox record that all of Pouch's containers name, so
// that containerd takes their supervisors' addresses from CreateTask instead of
// starting a shim.
const supervised = "pouch"

// ContainerRecord is what containerd keeps of a container.
type ContainerRecord struct {
	ID       string
	Image    string // reference
	Snapshot string // key of its writable layer; empty: the id
	Shim     string // path of the program that cleans up after a supervisor
	Spec     []byte // OCI runtime spec, JSON
	Labels   map[string]string
}

// containerMsg is containerd.services.containers.v1.Container.
type containerMsg struct {
	ID          string            `pb:"1"`
	Labels      map[string]string `pb:"2"`
	Image       string            `pb:"3"`
	Runtime     runtimeMsg        `pb:"4"`
	Spec        wire.Any          `pb:"5"`
	Snapshotter string            `pb:"6"`
	SnapshotKey string            `pb:"7"`
	Sandbox     string            `pb:"11"`
}

// runtimeMsg is the Runtime of a container and of a sandbox.
type runtimeMsg struct {
	Name string `pb:"1"`
}

// containerRequest is what Create and Update take.
type containerRequest struct {
	Container containerMsg `pb:"1"`
}

// byID is a request that names one object in its first field.
type byID struct {
	ID string `pb:"1"`
}

// CreateContainer writes the record, replacing one that is there: idempotent.
func (c *Client) CreateContainer(ctx context.Context, r ContainerRecord) error {
	req := containerRequest{containerMsg{
		ID: r.ID, Labels: r.Labels, Image: r.Image,
		Runtime:     runtimeMsg{r.Shim},
		Spec:        wire.Any{TypeURL: specType, Value: r.Spec},
		Snapshotter: Snapshotter, SnapshotKey: cmp.Or(r.Snapshot, r.ID), Sandbox: supervised,
	}}
	err := c.make(ctx, "containers.v1.Containers/Create", req, &wire.Empty{})
	if errs.Is(err, errs.Conflict) {
		err = c.call(ctx, "containers.v1.Containers/Update", req, &wire.Empty{})
	}
	return err
}

// RemoveContainer removes the record. Idempotent.
func (c *Client) RemoveContainer(ctx context.Context, id string) error {
	err := c.call(ctx, "containers.v1.Containers/Delete", byID{id}, &wire.Empty{})
	return unless(err, errs.NotFound)
}

// sandboxMsg is containerd.types.Sandbox.
type sandboxMsg struct {
	ID      string     `pb:"1"`
	Runtime runtimeMsg `pb:"2"`
}

// EnsureSupervised makes the sandbox record that CreateTask needs. Idempotent.
func (c *Client) EnsureSupervised(ctx context.Context) error {
	err := c.call(ctx, "sandbox.v1.Store/Get", byID{supervised}, &wire.Empty{})
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	req := struct {
		Sandbox sandboxMsg `pb:"1"`
	}{sandboxMsg{supervised, runtimeMsg{"io.containerd.pouch.v2"}}}
	return unless(c.call(ctx, "sandbox.v1.Store/Create", req, &wire.Empty{}), errs.Conflict)
}
