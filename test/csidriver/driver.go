// Package csidriver is a small storage driver of the Container Storage Interface,
// for tests: volumes are folders or, with the parameter kind=loop and for block
// volumes, images with loop devices. What it does is real, mounts and devices
// included; it keeps its state on disk, so that it can be killed and started
// anew, and fails where it is told to.
package csidriver

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	csi "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
)

// Name is what the driver calls itself.
const Name = "test.csi.pouch"

// Options say what the driver offers, where it keeps its things, and how large it is.
type Options struct {
	Dir      string
	Total    int64 // bytes that all volumes may have together
	Bare     bool  // no controller, no staging: volumes are given
	Offline  bool  // makes a volume larger only while nobody uses it
	Topology bool
	NodeOnly bool // no ControllerPublishVolume
}

// Driver serves the three services.
type Driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedNodeServer

	o  Options
	mu sync.Mutex
}

// New returns the driver on what a former one left in the folder.
func New(o Options) (*Driver, error) {
	if o.Total == 0 {
		o.Total = 1 << 40
	}
	d := &Driver{o: o}
	for _, sub := range []string{"volumes", "snapshots", "faults"} {
		if err := os.MkdirAll(filepath.Join(o.Dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Serve answers on a socket until stop is called.
func (d *Driver) Serve(socket string) (stop func(), err error) {
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	s := grpc.NewServer(grpc.UnaryInterceptor(d.intercept))
	csi.RegisterIdentityServer(s, d)
	csi.RegisterControllerServer(s, d)
	csi.RegisterNodeServer(s, d)
	go s.Serve(l) // it ends with stop
	return s.Stop, nil
}

func (d *Driver) path(parts ...string) string {
	return filepath.Join(append([]string{d.o.Dir}, parts...)...)
}

// nodeID is the only host there is.
func nodeID() string { return "node-1" }

func need(what string, values ...string) error {
	if slices.Contains(values, "") {
		return fmt.Errorf("%s missing", what)
	}
	return nil
}
