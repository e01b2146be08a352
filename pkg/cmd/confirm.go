package cmd

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Confirm asks on stderr and reads the answer from stdin, unless --force is
// set. It fails with kind invalid when the answer is not yes.
func Confirm(c *cli.Context, question string) error {
	if c.Bool("force") {
		return nil
	}
	fmt.Fprintf(c.App.ErrWriter, "%s\nContinue? [y/N] ", question)
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errs.New(errs.Invalid, "%s: not confirmed: nothing was removed (--force does not ask)", c.Command.Name)
}
