package cmd

import (
	"bytes"
	"io"
	"maps"
	"reflect"
	"strings"
	"text/tabwriter"
	"text/template"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Listing says how the objects of a list verb are printed.
type Listing struct {
	Table string // columns of the default table: a Go template with a tab between columns
	Quiet string // template of one line with --quiet
	// Headings of fields whose name in capitals would not do: ID: "CONTAINER ID".
	Headings map[string]string
}

// ListFlags are the flags that List reads: --format and --quiet.
func ListFlags() []cli.Flag {
	return []cli.Flag{
		FormatFlag(),
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print only ids or names"},
	}
}

// FormatFlag is --format of list verbs.
func FormatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Usage: "`FORMAT`: json (one object a line), table, 'table TEMPLATE', or a Go template"}
}

// List prints rows as --format and --quiet ask: a table with headings, one JSON
// object a line, or a Go template a row. T is a struct; its exported fields, and
// methods without arguments that return one value, are the columns. An empty
// list prints the headings of a table, else nothing.
func List[T any](c *cli.Context, l Listing, rows []T) error {
	format := c.String("format")
	text, isTable := strings.CutPrefix(format, "table")
	switch {
	case c.Bool("quiet") && (format == "" || format == "table"):
		return lines(c.App.Writer, l.Quiet, rows)
	case format == "json":
		return JSONLines(c.App.Writer, rows)
	case format == "" || format == "table":
		return table(c.App.Writer, l.Table, l.Headings, rows)
	case isTable && strings.TrimLeft(text, " \t") != text:
		return table(c.App.Writer, strings.TrimSpace(text), l.Headings, rows)
	}
	return lines(c.App.Writer, format, rows)
}

// JSONLines prints one JSON object a line.
func JSONLines[T any](w io.Writer, rows []T) error {
	var b bytes.Buffer
	for _, r := range rows {
		if err := encodeJSON(&b, r, ""); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func lines[T any](w io.Writer, format string, rows []T) error {
	t, err := newTemplate(format, false)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for i := range rows {
		if err := execute(t, &b, rows[i]); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return writeSafe(w, b.String())
}

func table[T any](w io.Writer, format string, headings map[string]string, rows []T) error {
	t, err := newTemplate(format, true)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 10, 1, 3, ' ', 0)
	if err := execute(t, tw, headingsOf(reflect.TypeFor[T](), headings)); err != nil {
		return err
	}
	tw.Write([]byte{'\n'})
	for i := range rows {
		if err := execute(t, tw, rows[i]); err != nil {
			return err
		}
		tw.Write([]byte{'\n'})
	}
	tw.Flush()
	_, err = w.Write(b.Bytes())
	return err
}

func execute(t *template.Template, w io.Writer, v any) error {
	if err := t.Execute(w, v); err != nil {
		return errs.New(errs.Invalid, "template parsing error: %w%s", err, fieldsInstead(err, v))
	}
	return nil
}

// writeSafe writes text; on a terminal without control characters but newline
// and tab.
func writeSafe(w io.Writer, text string) error {
	if Terminal(w) {
		text = escapeControls(text, func(r rune) bool { return r == '\n' || r == '\t' })
	}
	_, err := io.WriteString(w, text)
	return err
}

// headings is the row above a table's first.
type headings map[string]string

// Label is the heading of {{.Label "key"}}.
func (headings) Label(key string) string { return strings.ToUpper(key) }

func headingsOf(t reflect.Type, given map[string]string) headings {
	h := headings{}
	for method := range t.Methods() {
		h[method.Name] = heading(method.Name)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, f := range reflect.VisibleFields(t) {
		h[f.Name] = heading(f.Name)
	}
	maps.Copy(h, given)
	return h
}

// heading turns a field's name into words in capitals: RunningFor, RUNNING FOR.
func heading(name string) string {
	var b strings.Builder
	prev := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(prev) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToUpper(r))
		prev = r
	}
	return b.String()
}
