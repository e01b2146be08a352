package cmd

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestUsageNamesAllWords: the usage of a verb below another has both.
func TestUsageNamesAllWords(t *testing.T) {
	var said error
	app := &cli.App{Name: "pouch-x", Commands: []*cli.Command{{
		Name: "checkpoint", Subcommands: []*cli.Command{{Name: "ls", ArgsUsage: "CONTAINER", Action: func(c *cli.Context) error {
			_, said = Args(c, 1, 1)
			return nil
		}}},
	}}}
	if err := app.Run([]string{"pouch-x", "checkpoint", "ls"}); err != nil {
		t.Fatal(err)
	}
	if want := "(usage: pouch-x checkpoint ls CONTAINER)"; said == nil || !strings.Contains(said.Error(), want) {
		t.Errorf("%v, want %s", said, want)
	}
}
