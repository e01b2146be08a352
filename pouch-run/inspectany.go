package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
)

// programs are those that know the other kinds of object, in docker's order.
func programs() [3]string { return [3]string{"pouch-image", "pouch-net", "pouch-vol"} }

// findAny finds what target names: a container or, without --type, an image,
// a network or a volume.
func findAny(c *cli.Context, m *container.Manager, target string) (any, error) {
	find := m.Inspect
	if c.Bool("size") {
		find = m.InspectSize
	}
	info, err := find(c.Context, target)
	if err == nil || !errs.Is(err, errs.NotFound) || c.IsSet("type") {
		return info, err
	}
	for _, p := range programs() {
		object, oerr := ask(c, p, target)
		if oerr != nil || object != nil {
			return object, oerr
		}
	}
	return nil, err
}

// ask has another program inspect target; nil: it knows none of that name.
func ask(c *cli.Context, program, target string) (json.RawMessage, error) {
	path, err := libexec.Find(program)
	if err != nil {
		return nil, err
	}
	var out, complaint bytes.Buffer
	p := exec.CommandContext(c.Context, path, inspectArgs(c, program, "json", target)...)
	p.Stdout, p.Stderr = &out, &complaint
	err = p.Run()
	text := strings.TrimPrefix(cmd.OneLine(complaint.String()), program+": ")
	switch {
	case err == nil:
		return out.Bytes(), nil
	case c.Context.Err() != nil:
		return nil, c.Context.Err()
	case text == "":
		return nil, errs.New(errs.Internal, "%s inspect %s: %w", program, target, err)
	case unknown(text):
		return nil, nil
	}
	return nil, errs.New(errs.Unavailable, "%s", text)
}

// unknown reports whether an inspect's complaint is that there is no such
// object, or that the words cannot be the name of one.
func unknown(text string) bool {
	for _, s := range []string{"o such ", "not found", "not an image reference", "nvalid"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// inspectArgs are the words after the program's name.
func inspectArgs(c *cli.Context, program, format string, targets ...string) []string {
	args := []string{"--root", c.String("root"), "--run-root", c.String("run-root")}
	if a := c.String("address"); a != "" && program == "pouch-image" {
		args = append(args, "--address", a)
	}
	args = append(args, "inspect")
	if format != "" {
		args = append(args, "--format", format)
	}
	return append(append(args, "--"), targets...)
}
