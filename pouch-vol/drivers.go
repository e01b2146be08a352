package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/csi"
	"github.com/pouchcontainer/pouch/pkg/volplugin"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// driver finds a driver by its name: csi:ADDRESS, or that of a plugin.
func driver(ctx context.Context, name string) (volume.Driver, error) {
	if strings.HasPrefix(name, csi.Prefix) {
		return csiDriver(ctx, name)
	}
	return volplugin.Open(ctx, name)
}

// csiDriver is the driver of a name that begins with csi:.
func csiDriver(ctx context.Context, name string) (*csi.Client, error) {
	c, err := csi.Open(ctx, strings.TrimPrefix(name, csi.Prefix))
	if err != nil {
		return nil, err
	}
	c.Note = func(text string) { fmt.Fprintln(os.Stderr, "Note: "+text) }
	return c, nil
}
