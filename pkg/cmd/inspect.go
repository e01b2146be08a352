package cmd

import (
	"bytes"
	"encoding/json"
	"text/template"

	"github.com/urfave/cli/v2"
)

// InspectFlags are the flags that Inspect reads: --format.
func InspectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORMAT`: json (one object a line), or a Go template for every object"},
	}
}

// Inspect finds every target and prints those found as one JSON array ([] when
// there is none), as one object a line with --format json, or by a template.
// What find does not find is told on stderr, and the exit code is 1.
func Inspect[T any](c *cli.Context, targets []string, find func(target string) (T, error)) error {
	show, err := inspector[T](c)
	if err != nil {
		return err
	}
	found, failed := []T{}, false
	for _, t := range targets {
		v, err := find(t)
		if err != nil {
			Warn(c, err)
			failed = true
			continue
		}
		found = append(found, v)
	}
	if err := show(found); err != nil {
		return err
	}
	if failed {
		return &ExitError{Code: 1}
	}
	return nil
}

// inspector returns what prints the objects found.
func inspector[T any](c *cli.Context) (func([]T) error, error) {
	switch format := c.String("format"); format {
	case "":
		return func(found []T) error { return array(c, found) }, nil
	case "json":
		return func(found []T) error { return JSONLines(c.App.Writer, found) }, nil
	default:
		t, err := newTemplate(format, false)
		if err != nil {
			return nil, err
		}
		return func(found []T) error { return byTemplate(c, t, found) }, nil
	}
}

func array[T any](c *cli.Context, found []T) error {
	var b bytes.Buffer
	if err := encodeJSON(&b, found, "    "); err != nil {
		return err
	}
	_, err := c.App.Writer.Write(b.Bytes())
	return err
}

func byTemplate[T any](c *cli.Context, t *template.Template, found []T) error {
	var b bytes.Buffer
	for _, v := range found {
		if err := executeEither(t, &b, v); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return writeSafe(c.App.Writer, b.String())
}

// executeEither applies a template to v by the names of its Go fields or, where
// that fails, by the names of its JSON: .ID and .Id are both understood.
func executeEither(t *template.Template, b *bytes.Buffer, v any) error {
	start := b.Len()
	first := execute(t, b, v)
	if first == nil {
		return nil
	}
	b.Truncate(start)
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var generic any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&generic); err != nil {
		return err
	}
	strict, err := t.Clone()
	if err != nil {
		return err
	}
	if execute(strict.Option("missingkey=error"), b, generic) != nil {
		b.Truncate(start)
		return first
	}
	return nil
}
