package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// identityFlags say what the container is called.
func identityFlags() []cli.Flag {
	return []cli.Flag{
		text("name", "`NAME` of the container"),
		flag("replace", "remove a container that has the name, killed if it runs"),
		text("hostname", "host `NAME` of the container", "h"),
		text("domainname", "NIS domain `NAME` of the container"),
		list("label", "label `KEY[=VALUE]`", "l"),
		list("label-file", "read labels from `FILE`"),
		list("annotation", "annotation `KEY=VALUE` for the OCI runtime"),
		text("cidfile", "write the container's id to a new `FILE`"),
		text("runtime", "OCI `RUNTIME`: a path or a name (default: the one built in)"),
	}
}

// readIdentity reads what the container is called.
func readIdentity(c *cli.Context, o *container.Options) error {
	if c.IsSet("name") {
		var err error
		if o.Name, err = parse.Name("container", c.String("name")); err != nil {
			return err
		}
	}
	if o.Replace = c.Bool("replace"); o.Replace && o.Name == "" {
		return errs.New(errs.Invalid, "conflicting options: --replace needs --name")
	}
	var labels []string
	err := firstError(
		set(c, "hostname", &o.Host.Hostname, parse.Hostname),
		set(c, "domainname", &o.Host.Domainname, parse.Hostname),
		each(c, "label-file", func(f string) error {
			return readFile(f, "--label-file", func(r io.Reader) error {
				got, err := parse.LabelFile(f, r)
				labels = append(labels, got...)
				return err
			})
		}),
	)
	if err != nil {
		return err
	}
	if o.Process.Labels, err = parse.Labels(append(labels, c.StringSlice("label")...)); err != nil {
		return err
	}
	o.Annotations, err = parse.Labels(c.StringSlice("annotation"))
	return err
}
