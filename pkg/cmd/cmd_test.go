package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

type row struct {
	ID    string
	Name  string
	Tags  []string
	Label labels
}

type labels map[string]string

// run runs a verb made by make with args and returns what it wrote and gave back.
func run(t *testing.T, args []string, verbs ...*cli.Command) (stdout, stderr string, err error) {
	t.Helper()
	app := App("pouch-x", "test", verbs...)
	var out, errOut bytes.Buffer
	app.Writer, app.ErrWriter = &out, &errOut
	err = app.Run(append([]string{"pouch-x"}, args...))
	return out.String(), errOut.String(), err
}

func lsVerb(rows ...row) *cli.Command {
	return &cli.Command{Name: "ls", Flags: ListFlags(), Action: func(c *cli.Context) error {
		return List(c, Listing{Table: "{{.ID}}\t{{.Name}}", Quiet: "{{.ID}}", Headings: map[string]string{"ID": "THING ID"}}, rows)
	}}
}

func TestList(t *testing.T) {
	rows := []row{{ID: "1", Name: "a<b"}, {ID: "2", Name: "e\x1b[31m\nx", Tags: []string{"p", "q"}}}
	for _, c := range []struct{ name, args, want string }{
		{"table", "ls", "THING ID   NAME\n1          a<b\n2          e\\x1b[31m\\nx\n"},
		{"quiet", "ls -q", "1\n2\n"},
		{"json", "ls --format json", `{"ID":"1","Name":"a<b","Tags":null,"Label":null}` + "\n" + `{"ID":"2","Name":"e\u001b[31m\nx","Tags":["p","q"],"Label":null}` + "\n"},
		{"template", "ls --format {{.ID}}:{{upper|.Name}}", ""},
		{"functions", `ls --format {{.ID}}-{{join|.Tags|"+"}}`, "1-\n2-p+q\n"},
		{"own table", `ls --format table|{{.Name}}\t{{.ID}}`, "NAME                THING ID\na<b                 1\ne\\x1b[31m\\nx        2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := strings.Split(c.args, " ")
			args[len(args)-1] = strings.ReplaceAll(args[len(args)-1], "|", " ")
			out, _, err := run(t, args, lsVerb(rows...))
			if err != nil {
				t.Fatal(err)
			}
			if c.want != "" && strings.Join(strings.Fields(out), " ") != strings.Join(strings.Fields(c.want), " ") {
				t.Errorf("got %q, want %q", out, c.want)
			}
			if n := strings.Count(out, "\n"); !strings.Contains(c.args, "{{.ID}}:") && n != strings.Count(c.want, "\n") {
				t.Errorf("%d lines in %q", n, out)
			}
		})
	}
}

func TestListEmpty(t *testing.T) {
	for args, want := range map[string]string{"ls": "THING ID   NAME\n", "ls -q": "", "ls --format json": "", "ls --format {{.ID}}": ""} {
		if out, _, err := run(t, strings.Split(args, " "), lsVerb()); out != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", args, out, err, want)
		}
	}
}

func TestListBadTemplate(t *testing.T) {
	for _, f := range []string{"{{.Nosuch}}", "{{", "{{nosuch .ID}}"} {
		_, _, err := run(t, []string{"ls", "--format", f}, lsVerb(row{ID: "1"}))
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want kind invalid", f, err)
		}
	}
}

type thing struct {
	ID    string `json:"Id"`
	State struct{ Status string }
}

func inspectVerb() *cli.Command {
	return &cli.Command{Name: "inspect", Flags: InspectFlags(), Action: func(c *cli.Context) error {
		return Inspect(c, c.Args().Slice(), func(name string) (*thing, error) {
			if name == "nosuch" {
				return nil, errs.New(errs.NotFound, "no such object: %s", name)
			}
			v := &thing{ID: name}
			v.State.Status = "running"
			return v, nil
		})
	}}
}

func TestInspect(t *testing.T) {
	for _, c := range []struct {
		args, out string
		code      int
	}{
		{"inspect a", "[\n    {\n        \"Id\": \"a\",\n        \"State\": {\n            \"Status\": \"running\"\n        }\n    }\n]\n", 0},
		{"inspect nosuch", "[]\n", 1},
		{"inspect -f {{.Id}}/{{.ID}} a", "", 1},
		{"inspect -f {{.Id}}/{{.State.Status}} a b", "a/running\nb/running\n", 0},
		{"inspect -f {{.ID}} a nosuch b", "a\nb\n", 1},
		{"inspect --format json a nosuch", `{"Id":"a","State":{"Status":"running"}}` + "\n", 1},
	} {
		out, stderr, err := run(t, strings.Split(c.args, " "), inspectVerb())
		code := 0
		if e, ok := errors.AsType[*ExitError](err); ok {
			code = e.Code
		} else if err != nil {
			code = errs.KindOf(err).Exit()
		}
		if out != c.out || code != c.code {
			t.Errorf("%s: %q, exit %d", c.args, out, code)
		}
		if strings.Contains(c.args, "nosuch") && !strings.Contains(stderr, "no such object: nosuch") {
			t.Errorf("%s: stderr %q", c.args, stderr)
		}
	}
}

func TestUsage(t *testing.T) {
	verbs := func() []*cli.Command {
		act := func(_ *cli.Context) error { return errs.New(errs.Conflict, "taken") }
		return []*cli.Command{
			Code125(&cli.Command{Name: "run", Action: act, Flags: []cli.Flag{&cli.StringFlag{Name: "hostname", Aliases: []string{"h"}}}}),
			Usage125(&cli.Command{Name: "exec", Action: act}),
			{Name: "rm", Action: act},
		}
	}
	for _, c := range []struct {
		args, text string
		code       int
	}{
		{"run", "taken", 125},
		{"run --foo", "unknown flag: --foo (see pouch-x run --help)", 125},
		{"run -h", "flag needs an argument: -h (see pouch-x run --help)", 125},
		{"exec -y", "unknown shorthand flag: 'y' in -y (see pouch-x exec --help)", 125},
		{"exec", "taken", 1},
		{"rm --foo", "unknown flag: --foo (see pouch-x rm --help)", 1},
		{"frob", "unknown command: frob (see pouch-x --help)", 1},
		{"--frob", "unknown flag: --frob (see pouch-x --help)", 1},
	} {
		_, _, err := run(t, strings.Split(c.args, " "), verbs()...)
		if err == nil {
			t.Fatalf("%s: no error", c.args)
		}
		code := errs.KindOf(err).Exit()
		if e, ok := errors.AsType[*ExitError](err); ok {
			code = e.Code
		}
		if err.Error() != c.text || code != c.code {
			t.Errorf("%s: %q, exit %d; want %q, %d", c.args, err, code, c.text, c.code)
		}
	}
	for _, args := range []string{"", "--help", "-h", "rm -h", "rm --help", "--version"} {
		out, _, err := run(t, strings.Fields(args), verbs()...)
		if err != nil || out == "" {
			t.Errorf("%q: %v, %q", args, err, out)
		}
	}
}

func TestEach(t *testing.T) {
	verb := &cli.Command{Name: "rm", Action: func(c *cli.Context) error {
		return Each(c, c.Args().Slice(), func(name string) error {
			if name == "bad" {
				return errors.New("no\nsuch\x1bthing")
			}
			return nil
		})
	}}
	out, stderr, err := run(t, []string{"rm", "a", "bad", "b"}, verb)
	if out != "a\nb\n" || stderr != "pouch-x: no; such?thing\n" {
		t.Errorf("%q, %q", out, stderr)
	}
	if e, ok := errors.AsType[*ExitError](err); !ok || e.Code != 1 {
		t.Errorf("%v, want exit 1", err)
	}
}

func TestExpand(t *testing.T) {
	got, err := expand([]string{"a", "-", "b"}, strings.NewReader("x\n\n y \n"))
	if want := "a x y b"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func TestFunctions(t *testing.T) {
	for text, want := range map[string]string{
		`{{"a\n"}}\t{{"b"}}\n`:           "a\n\tb\n",
		`{{pad "x" 1 2}}`:                " x  ",
		`{{title "ab c-d it's"}}`:        "Ab C-D It's",
		`{{truncate "äbc" 2}}`:           "äb",
		`{{json .}}`:                     `{"a":"<>"}`,
		`{{join (split "a,b" ",") ";"}}`: "a;b",
		`{{lower "A"}}{{upper "b"}}`:     "aB",
	} {
		tm, err := newTemplate(text, false)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := tm.Execute(&b, map[string]string{"a": "<>"}); err != nil || b.String() != want {
			t.Errorf("%s: %q, %v, want %q", text, b.String(), err, want)
		}
	}
}

func TestCellEscapes(t *testing.T) {
	tm, err := newTemplate("{{range .}}{{.}}\t{{end}}{{with $x := index . 0}}{{$x}}{{end}}", true)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tm.Execute(&b, []string{"a\tb", "\u009bm"}); err != nil {
		t.Fatal(err)
	}
	if want := `a\tb` + "\t" + `\x9bm` + "\t" + `a\tb`; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// JSON that is shown on a terminal says nothing to it: DEL and C1 are text there, too.
func TestJSONEscapes(t *testing.T) {
	in := "a\x1b\x7f\u009b31m\u0080é\u00a0\xff<"
	var b bytes.Buffer
	if err := encodeJSON(&b, in, ""); err != nil || b.String() != `"a\u001b\u007f\u009b31m\u0080é`+"\u00a0"+`\ufffd<"`+"\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	var back string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back != strings.ToValidUTF8(in, "\ufffd") {
		t.Errorf("read again: %q, %v", back, err)
	}
}
