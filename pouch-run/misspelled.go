package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// impliedRun is the key in the app's metadata that is set when the verb run was not
// typed: the image may be another verb, misspelled.
const impliedRun = "implied run"

// noteImplied compares what was typed with what is run.
func noteImplied(app *cli.App, typed, args []string) {
	for i, word := range args {
		if i < len(typed) && typed[i] == word {
			continue
		}
		if word == "run" && !slices.Contains(typed, "run") {
			app.Metadata = map[string]any{impliedRun: true}
		}
		return
	}
}

// orVerb adds to the failure of an implied run the verb that may have been meant.
func orVerb(c *cli.Context, err error) error {
	if err == nil || c.App.Metadata[impliedRun] == nil {
		return err
	}
	word := c.Args().First()
	meant := cmd.NearestVerb(word, c.App.Commands)
	if meant == "" {
		return err
	}
	return errs.New(errs.KindOf(err), "%w (nor is there a verb %s: did you mean %s?)", err, word, meant)
}
