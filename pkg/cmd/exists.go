package cmd

import "github.com/urfave/cli/v2"

// ExistsCommand is the verb exists of a noun, such as "a volume": the program ends
// with 0 when there is one of the name, with 1 when there is none.
func ExistsCommand(noun, argument string, there func(c *cli.Context, name string) (bool, error)) *cli.Command {
	return &cli.Command{
		Name:      "exists",
		Usage:     "tell by the exit code whether there is " + noun + ": 0 or 1",
		ArgsUsage: argument,
		Action: func(c *cli.Context) error {
			args, err := Args(c, 1, 1)
			if err != nil {
				return err
			}
			yes, err := there(c, args[0])
			if err == nil && !yes {
				return &ExitError{Code: 1}
			}
			return err
		},
	}
}
