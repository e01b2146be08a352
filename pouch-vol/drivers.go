package main

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// driver finds a driver by its name.
func driver(_ context.Context, name string) (volume.Driver, error) {
	return nil, errs.New(errs.NotFound, "no volume driver %q", name)
}
