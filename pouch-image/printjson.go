package main

import (
	"encoding/json"

	"github.com/urfave/cli/v2"
)

// printJSON prints one object, indented for people.
func printJSON(c *cli.Context, v any) error {
	e := json.NewEncoder(c.App.Writer)
	e.SetIndent("", "    ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
