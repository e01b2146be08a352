package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/system"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:   "version",
		Usage:  "print the versions of Pouch and of what it uses",
		Flags:  cmd.InspectFlags(),
		Action: version,
	}
}

// versions is what version prints. Server is the containerd that runs, if one
// does: none is started for this.
type versions struct {
	Client component
	Server *component `json:",omitempty"`
}

type component struct {
	Name      string
	Version   string
	GoVersion string `json:",omitempty"`
	Os        string `json:",omitempty"`
	Arch      string `json:",omitempty"`
}

func version(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	s, err := cmd.Store(c)
	if err != nil {
		return err
	}
	v := versions{Client: component{"pouch", c.App.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH}}
	if text, err := system.EngineVersion(c.Context, s, c.String("address")); err == nil {
		v.Server = &component{Name: "containerd", Version: text}
	}
	if c.String("format") != "" {
		return cmd.Inspect(c, []string{""}, func(string) (versions, error) { return v, nil })
	}
	fmt.Fprintf(c.App.Writer, "pouch %s (%s, %s/%s)\n", v.Client.Version, v.Client.GoVersion, v.Client.Os, v.Client.Arch)
	if v.Server != nil {
		fmt.Fprintf(c.App.Writer, "containerd %s\n", v.Server.Version)
	}
	return nil
}
