package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/system"
)

func infoCommand() *cli.Command {
	return &cli.Command{
		Name:   "info",
		Usage:  "print information about the host, the engine and the containers",
		Flags:  cmd.InspectFlags(),
		Action: info,
	}
}

func info(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	i, err := system.Read(c.Context, m, c.String("address"))
	if err != nil {
		return err
	}
	i.CgroupDriver = or(c.String("cgroup-manager"), i.CgroupDriver)
	if c.String("format") != "" {
		return cmd.Inspect(c, []string{""}, func(string) (*system.Info, error) { return i, nil })
	}
	for _, row := range [][2]any{
		{"Containers", i.Containers},
		{" Running", i.ContainersRunning},
		{" Paused", i.ContainersPaused},
		{" Stopped", i.ContainersStopped},
		{"containerd", or(i.ServerVersion, "does not run")},
		{"Snapshotter", i.Driver},
		{"Default runtime", i.DefaultRuntime},
		{"Cgroup driver", i.CgroupDriver},
		{"Cgroup version", i.CgroupVersion},
		{"Kernel", i.KernelVersion},
		{"Architecture", i.Architecture},
		{"CPUs", i.NCPU},
		{"Memory", cmd.HumanSize(int64(i.MemTotal))},
		{"Host", i.Name},
		{"Root", i.PouchRootDir},
		{"Run root", i.PouchRunRootDir},
	} {
		fmt.Fprintf(c.App.Writer, "%s: %v\n", row[0], row[1])
	}
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
