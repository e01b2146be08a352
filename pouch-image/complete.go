package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
)

// completeTime bounds a look at the images: somebody waits at a prompt.
const completeTime = 2 * time.Second

// completer names images. It starts no containerd: where none runs there are no
// names.
func completer() cmd.Completer {
	return cmd.Completer{Targets: func(c *cli.Context, verb string) []string {
		s, err := cmd.Store(c)
		if err != nil || verb == "load" || c.String("address") == "" && !engine.Running(s) {
			return nil
		}
		m, err := manager(c)
		if err != nil {
			return nil
		}
		defer m.Close()
		ctx, cancel := context.WithTimeout(c.Context, completeTime)
		defer cancel()
		list, err := m.List(ctx, func(string, error) {})
		if err != nil {
			return nil
		}
		var out []string
		for _, e := range list {
			if e.Repository != "" && e.Tag != "" {
				out = append(out, e.Repository+":"+e.Tag)
			}
		}
		return out
	}}
}
