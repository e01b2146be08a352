package cmd

import (
	"slices"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestQuick: a flag that remembers its names is the same flag.
func TestQuick(t *testing.T) {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "name", Aliases: []string{"n"}, Usage: "a `NAME`", Value: "x"},
		&cli.StringSliceFlag{Name: "list", Aliases: []string{"l"}, Usage: "some `WORD`s"},
		&cli.BoolFlag{Name: "hid", Hidden: true},
	}
	var help []string
	for _, f := range flags {
		help = append(help, flagHelp(f))
	}
	var names, list []string
	app := App("x", "", &cli.Command{Name: "v", Flags: flags, Action: func(c *cli.Context) error {
		list = c.StringSlice("list")
		for _, n := range []string{"name", "n", "list", "l", "hid"} {
			if c.IsSet(n) {
				names = append(names, n)
			}
		}
		return nil
	}})
	for i, f := range flags {
		if got := flagHelp(f); got != help[i] {
			t.Errorf("help of %d: %q, it was %q", i, got, help[i])
		}
		if v, ok := f.(cli.VisibleFlag); !ok || v.IsVisible() != (i < 2) {
			t.Errorf("%d is visible, or not", i)
		}
	}
	if err := app.Run([]string{"x", "v", "-l", "a,b", "-l", "c"}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(list, []string{"a,b", "c"}) || !slices.Equal(names, []string{"list", "l"}) {
		t.Errorf("%q, set: %q", list, names)
	}
}
