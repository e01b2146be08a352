package main

import (
	"context"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/csi"
	"github.com/pouchcontainer/pouch/pkg/volplugin"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// driver finds a driver by its name: csi:ADDRESS, or that of a plugin.
func driver(ctx context.Context, name string) (volume.Driver, error) {
	if addr, ok := strings.CutPrefix(name, csi.Prefix); ok {
		return csi.Open(ctx, addr)
	}
	return volplugin.Open(ctx, name)
}
