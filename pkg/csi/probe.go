package csi

import (
	"context"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Probe learns who answers, whether it is ready, and what it can do. It fails
// with kind unavailable when nobody answers or the driver is not ready.
// Idempotent; it asks once.
func (c *Client) Probe(ctx context.Context) error {
	if c.Version != "" || c.ofNode != nil {
		return nil
	}
	if err := c.identify(ctx, c.node); err != nil {
		return err
	}
	if c.controller != c.node {
		if err := c.identify(ctx, c.controller); err != nil {
			return err
		}
	}
	if err := c.nodeCapabilities(ctx); err != nil {
		return err
	}
	if !c.has(spec.PluginCapability_Service_CONTROLLER_SERVICE) {
		return nil
	}
	ctrl := spec.NewControllerClient(c.controller)
	a, err := call(ctx, c, c.controller, "ControllerGetCapabilities", ctrl.ControllerGetCapabilities, &spec.ControllerGetCapabilitiesRequest{})
	if err != nil {
		return err
	}
	for _, x := range a.GetCapabilities() {
		c.ofCtrl = append(c.ofCtrl, x.GetRpc().GetType())
	}
	return nil
}

// identify asks the identity service of one of the sockets.
func (c *Client) identify(ctx context.Context, conn *grpc.ClientConn) error {
	id := spec.NewIdentityClient(conn)
	info, err := call(ctx, c, conn, "GetPluginInfo", id.GetPluginInfo, &spec.GetPluginInfoRequest{})
	if err != nil {
		return err
	}
	if info.GetName() == "" {
		return errs.New(errs.Corrupt, "driver %s tells no name", c.addr)
	}
	c.Name, c.Version = info.GetName(), info.GetVendorVersion()
	ready, err := call(ctx, c, conn, "Probe", id.Probe, &spec.ProbeRequest{})
	if err != nil {
		return err
	}
	if ready.GetReady() != nil && !ready.GetReady().GetValue() {
		return errs.New(errs.Unavailable, "driver %s is not ready yet: try again", c.Name)
	}
	caps, err := call(ctx, c, conn, "GetPluginCapabilities", id.GetPluginCapabilities, &spec.GetPluginCapabilitiesRequest{})
	if err != nil {
		return err
	}
	for _, x := range caps.GetCapabilities() {
		if s := x.GetService(); s != nil {
			c.services = append(c.services, s.GetType())
		}
		if e := x.GetVolumeExpansion(); e != nil {
			c.expansion = append(c.expansion, e.GetType())
		}
	}
	return nil
}

func (c *Client) nodeCapabilities(ctx context.Context) error {
	node := spec.NewNodeClient(c.node)
	a, err := call(ctx, c, c.node, "NodeGetCapabilities", node.NodeGetCapabilities, &spec.NodeGetCapabilitiesRequest{})
	if err != nil {
		return err
	}
	c.ofNode = []spec.NodeServiceCapability_RPC_Type{}
	for _, x := range a.GetCapabilities() {
		c.ofNode = append(c.ofNode, x.GetRpc().GetType())
	}
	return nil
}

// Capabilities lists what the driver offers, in the interface's words.
func (c *Client) Capabilities() []string {
	var out []string
	for _, s := range c.services {
		out = append(out, s.String())
	}
	for _, s := range c.expansion {
		out = append(out, "VOLUME_EXPANSION_"+s.String())
	}
	for _, s := range c.ofCtrl {
		out = append(out, s.String())
	}
	for _, s := range c.ofNode {
		out = append(out, "NODE_"+s.String())
	}
	return out
}
