package cmd

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

const wordsKey = "words" // in an app's metadata: the command line in Argv's form

// UTF8 refuses, with kind invalid, words and values of flags that are not UTF-8: for
// verbs that put them into a record or a runtime's configuration, which are JSON and
// would hold another text. files are flags that name a file of the caller's alone. It
// looks at the command line itself: the flags' library carries lists as JSON.
func UTF8(c *cli.Context, files ...string) error {
	if err := UTF8Flags(c, files...); err != nil {
		return err
	}
	for _, word := range c.Args().Slice() {
		if !utf8.ValidString(word) {
			return errs.New(errs.Invalid, "argument %q is not UTF-8, and what is kept is JSON: give it in UTF-8", word)
		}
	}
	return nil
}

// UTF8Flags is UTF8 for verbs whose words are files of the caller's.
func UTF8Flags(c *cli.Context, files ...string) error {
	words, _ := c.App.Metadata[wordsKey].([]string)
	for _, word := range words {
		if word == "--" {
			break
		}
		flag, value, glued := strings.Cut(word, "=")
		if !glued || utf8.ValidString(value) || slices.Contains(files, strings.TrimPrefix(flag, "--")) {
			continue
		}
		return errs.New(errs.Invalid, "%s %q is not UTF-8, and what is kept is JSON: give it in UTF-8", flag, value)
	}
	return nil
}
