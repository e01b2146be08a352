package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

// manCommand writes the manual: one page for the program and one for each verb.
func manCommand() *cli.Command {
	return &cli.Command{
		Name:      "man",
		Usage:     "write the manual pages into a folder",
		ArgsUsage: "FOLDER",
		Hidden:    true,
		Action: func(c *cli.Context) error {
			args, err := Args(c, 1, 1)
			if err != nil {
				return err
			}
			for name, page := range Manual(c.App) {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(page), 0o644); err != nil {
					return fmt.Errorf("write the manual: %w", err)
				}
			}
			return nil
		},
	}
}

// Manual returns the pages of section 1 by file name, in the language of man(7).
func Manual(app *cli.App) map[string]string {
	pages := map[string]string{app.Name + ".1": programPage(app)}
	var walk func(verbs []*cli.Command, path string)
	walk = func(verbs []*cli.Command, path string) {
		for _, v := range verbs {
			if v.Hidden {
				continue
			}
			name := path + " " + v.Name
			pages[pageName(name)+".1"] = verbPage(app, v, name)
			walk(v.Subcommands, name)
		}
	}
	walk(app.Commands, app.Name)
	return pages
}

// pageName is a command as the name of its page: pouch-run secret rm is
// pouch-run-secret-rm.
func pageName(command string) string { return strings.ReplaceAll(command, " ", "-") }

func programPage(app *cli.App) string {
	var p roff
	p.head(app.Name, app.Version)
	p.section("NAME", app.Name+` \- `+roffText(app.Usage))
	p.section("SYNOPSIS", `\fB`+roffText(app.Name)+`\fR [GLOBAL OPTION]... COMMAND [OPTION]... [ARGUMENT]...`)
	p.section("COMMANDS", "")
	for _, v := range app.Commands {
		if !v.Hidden {
			p.item(`\fB`+roffText(strings.Join(append([]string{v.Name}, v.Aliases...), ", "))+`\fR`, roffText(v.Usage)+". See "+pageRef(app.Name+" "+v.Name)+".")
		}
	}
	p.section("GLOBAL OPTIONS", "They stand before the command.")
	p.flags(app.Flags)
	p.environment(app.Flags)
	p.section("EXIT STATUS", "0 on success, 1 when something failed. Commands that run a program return its exit code: 128+n when signal n killed it, 127 when it is not found, 126 when it cannot be executed, and 125 when Pouch itself failed.")
	p.section("SEE ALSO", seeAlso(app.Name))
	return p.String()
}

func verbPage(app *cli.App, v *cli.Command, command string) string {
	var p roff
	p.head(pageName(command), app.Version)
	p.section("NAME", pageName(command)+` \- `+roffText(v.Usage))
	args := v.ArgsUsage
	if len(v.Subcommands) > 0 {
		args = "COMMAND [ARGUMENT]..."
	}
	p.section("SYNOPSIS", `\fB`+roffText(command)+`\fR [OPTION]... `+roffText(args))
	for _, a := range v.Aliases {
		p.line(".br")
		p.line(`\fB` + roffText(strings.TrimSuffix(command, v.Name)+a) + `\fR [OPTION]... ` + roffText(args))
	}
	if v.Description != "" {
		p.section("DESCRIPTION", roffText(v.Description))
	}
	if len(v.Subcommands) > 0 {
		p.section("COMMANDS", "")
		for _, s := range v.Subcommands {
			p.item(`\fB`+roffText(s.Name)+`\fR`, roffText(s.Usage)+". See "+pageRef(command+" "+s.Name)+".")
		}
	}
	if len(v.Flags) > 0 {
		p.section("OPTIONS", "")
		p.flags(v.Flags)
	}
	p.environment(v.Flags)
	p.section("SEE ALSO", pageRef(app.Name))
	return p.String()
}

func pageRef(command string) string { return `\fB` + roffText(pageName(command)) + `\fR(1)` }

// seeAlso names the other programs of Pouch.
func seeAlso(name string) string {
	var refs []string
	for _, n := range []string{"pouch-run", "pouch-image", "pouch-net", "pouch-vol"} {
		if n != name {
			refs = append(refs, pageRef(n))
		}
	}
	return strings.Join(refs, ", ")
}
