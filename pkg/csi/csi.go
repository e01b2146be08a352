// Package csi uses volumes of a storage driver as a container orchestrator does,
// by the Container Storage Interface (container-storage-interface/spec): create,
// attach, stage and publish, and the reverse; size, snapshots and clones. Topology
// is not looked at: a host is the only one that Pouch knows. It is the only
// user of that interface.
package csi

import (
	"context"
	"errors"
	"slices"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Prefix begins the name of a driver that is one of this package's.
const Prefix = "csi:"

// Client talks to one driver: its node service, and its controller service, which may
// listen elsewhere.
type Client struct {
	Name    string // the driver's own
	Version string
	Note    func(string) // told what the user should know; nil: nobody

	addr       string // as it was asked for
	node       *grpc.ClientConn
	controller *grpc.ClientConn
	services   []spec.PluginCapability_Service_Type
	expansion  []spec.PluginCapability_VolumeExpansion_Type
	ofNode     []spec.NodeServiceCapability_RPC_Type
	ofCtrl     []spec.ControllerServiceCapability_RPC_Type
	limits     limits
}

// Open returns the driver at an address: unix:///path, /path, or the name of a driver whose
// socket lies in a folder of Dirs. It connects to nothing yet. It fails with kind
// invalid for another address and with not_found for a name that is not there.
func Open(_ context.Context, addr string) (*Client, error) {
	path, err := socket(addr)
	if err != nil {
		return nil, err
	}
	conn, err := dial(path)
	if err != nil {
		return nil, err
	}
	return &Client{addr: addr, Name: addr, node: conn, controller: conn, limits: standard()}, nil
}

// Close ends the connections.
func (c *Client) Close() error {
	err := c.node.Close()
	if c.controller != c.node {
		err = errors.Join(err, c.controller.Close())
	}
	return err
}

// serve prepares the client for calls about a volume with options o: it
// connects, learns who answers, and what that can do.
func (c *Client) serve(ctx context.Context, o *options) error {
	c.limits.call = o.timeout
	if o.controller != "" && c.controller == c.node {
		path, err := socket(o.controller)
		if err != nil {
			return err
		}
		if c.controller, err = dial(path); err != nil {
			return err
		}
	}
	return c.Probe(ctx)
}

func (c *Client) has(s spec.PluginCapability_Service_Type) bool {
	return slices.Contains(c.services, s)
}

func (c *Client) can(r spec.ControllerServiceCapability_RPC_Type) bool {
	return slices.Contains(c.ofCtrl, r)
}

func (c *Client) nodeCan(r spec.NodeServiceCapability_RPC_Type) bool {
	return slices.Contains(c.ofNode, r)
}

// need fails with kind unsupported unless the driver's controller can do r.
func (c *Client) need(r spec.ControllerServiceCapability_RPC_Type, what string) error {
	if c.can(r) {
		return nil
	}
	return errs.New(errs.Unsupported, "driver %s cannot %s: it does not offer %s", c.Name, what, r)
}

func (c *Client) note(text string) {
	if c.Note != nil {
		c.Note(text)
	}
}
