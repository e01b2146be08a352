package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// foreignCommands are docker's words that are verbs of other programs here: who
// types one wants that, and not a container of an image of that name.
func foreignCommands() []*cli.Command {
	var out []*cli.Command
	for word, instead := range map[string]string{
		"images": "pouch-image ls", "pull": "pouch-image pull", "push": "pouch-image push", "rmi": "pouch-image rm",
		"tag": "pouch-image tag", "save": "pouch-image save", "load": "pouch-image load", "import": "pouch-image import",
		"history": "pouch-image history", "search": "pouch-image search", "login": "pouch-image login", "logout": "pouch-image logout",
		"image": "pouch-image", "network": "pouch-net", "volume": "pouch-vol",
		"build": "a builder, such as buildah, and pouch-image load for what it saves", "buildx": "a builder, such as buildah, and pouch-image load for what it saves",
		"compose": "pouch-net create and a pouch-run for each container", "manifest": "pouch-image inspect --raw and copy --all",
		"container": "pouch-run without that word", "system": "pouch-run info, prune, events and gc",
	} {
		out = append(out, &cli.Command{Name: word, Hidden: true, SkipFlagParsing: true, Action: func(*cli.Context) error {
			return errs.New(errs.Invalid, "no verb %s: use %s (an image of that name: pouch-run run %s)", word, instead, word)
		}})
	}
	return out
}
