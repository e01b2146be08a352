package main

import (
	"encoding/json"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// drive carries out the order on stdin and answers on stdout, for programs that
// link no drivers.
func drive() *cli.Command {
	return &cli.Command{
		Name:   "drive",
		Hidden: true,
		Usage:  "have a volume's driver do what another program asks for on stdin",
		Action: func(c *cli.Context) error {
			var o volume.Order
			if err := json.NewDecoder(c.App.Reader).Decode(&o); err != nil {
				return errs.New(errs.Invalid, "read the order: %w", err)
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			var done volume.Outcome
			if err := m.Do(c.Context, o); err != nil {
				done = volume.Outcome{Kind: errs.KindOf(err), Error: err.Error()}
			}
			return json.NewEncoder(c.App.Writer).Encode(done)
		},
	}
}
