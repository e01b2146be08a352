// Package system is the noun for the host and the engine as a whole: versions,
// counts, what the kernel offers.
package system

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// EngineVersion returns the version of the containerd at address, or of the
// private one when address is empty; none is started for this. It fails with
// kind unavailable.
func EngineVersion(ctx context.Context, s *store.Store, address string) (string, error) {
	if address == "" {
		if !engine.Running(s) {
			return "", errs.New(errs.Unavailable, "no private containerd runs")
		}
		address = engine.Socket(s)
	}
	c := ctrd.Dial(address, ctrd.Namespace)
	defer c.Close()
	return c.Version(ctx)
}
