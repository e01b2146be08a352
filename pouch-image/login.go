package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func loginCommand() *cli.Command {
	return &cli.Command{
		Name:      "login",
		Usage:     "log in to a registry, and keep the credentials",
		ArgsUsage: "[REGISTRY]",
		Description: "They are kept in the file of --authfile or the usual one, or by the credential helper that it or\n" +
			"registries.conf names. Without a terminal the password comes from --password-stdin.",
		Flags: append(askFlags(),
			&cli.StringFlag{Name: "username", Aliases: []string{"u"}, Usage: "`USER`"},
			&cli.StringFlag{Name: "password", Aliases: []string{"p"}, Usage: "`PASSWORD`; seen by everybody in the list of processes: rather use --password-stdin"},
			&cli.BoolFlag{Name: "password-stdin", Usage: "read the password from standard input"},
			&cli.BoolFlag{Name: "get-login", Usage: "print the user whose credentials are kept, and do nothing"},
		),
		Action: login,
	}
}

func login(c *cli.Context) error {
	host, err := registryHost(c)
	if err != nil {
		return err
	}
	o := registryOptions(c)
	if c.Bool("get-login") {
		return getLogin(c, host, o)
	}
	user, password, err := askCredentials(c, host)
	if err != nil {
		return err
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	where, err := registry.Login(ctx, host, user, password, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, "Login Succeeded")
	fmt.Fprintf(c.App.ErrWriter, "pouch-image: the credentials of %s are kept in %s\n", host, where)
	return nil
}

// registryHost is the argument, without what people copy along with it.
func registryHost(c *cli.Context) (string, error) {
	args, err := cmd.Args(c, 0, 1)
	if err != nil || len(args) == 0 {
		return registry.DefaultRegistry, err
	}
	host := strings.TrimSuffix(args[0], "/")
	for _, scheme := range []string{"https://", "http://", "docker://"} {
		host = strings.TrimPrefix(host, scheme)
	}
	if host == "" {
		return "", errs.New(errs.Invalid, "%q is no registry", args[0])
	}
	return host, nil
}

func getLogin(c *cli.Context, host string, o registry.Options) error {
	user, err := registry.LoggedIn(host, o)
	if err != nil {
		return err
	}
	if user == "" {
		return errs.New(errs.NotFound, "not logged in to %s", host)
	}
	fmt.Fprintln(c.App.Writer, user)
	return nil
}

// askCredentials takes user and password from flags and standard input, and asks
// for what is missing only on a terminal.
func askCredentials(c *cli.Context, host string) (user, password string, err error) {
	user, password = c.String("username"), c.String("password")
	tty := term.IsTerminal(int(os.Stdin.Fd()))
	switch {
	case c.Bool("password-stdin") && password != "":
		return "", "", errs.New(errs.Invalid, "--password and --password-stdin are mutually exclusive")
	case c.Bool("password-stdin") && user == "":
		return "", "", errs.New(errs.Invalid, "Must provide --username with --password-stdin")
	case c.Bool("password-stdin"):
		word, err := readSecret(os.Stdin)
		return user, string(word), err
	case (user == "" || password == "") && !tty:
		return "", "", errs.New(errs.Invalid, "login to %s: no terminal to ask on: give --username and --password-stdin", host)
	}
	if user == "" {
		fmt.Fprintf(os.Stderr, "Username for %s: ", host)
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil {
			return "", "", err
		}
		user = strings.TrimSpace(line)
	}
	if password == "" {
		fmt.Fprint(os.Stderr, "Password: ")
		word, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", "", err
		}
		password = string(word)
	}
	return user, password, nil
}
