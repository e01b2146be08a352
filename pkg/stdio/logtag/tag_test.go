package logtag

import (
	"maps"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

func sample() *record.Container {
	return &record.Container{
		ID: strings.Repeat("0123456789abcdef", 4), Name: "web", Labels: map[string]string{"job": "7", "site": "x"},
		Image:   record.Image{Name: "busybox:1", ConfigDigest: "sha256:" + strings.Repeat("ab", 32)},
		Process: record.Process{Entrypoint: []string{"sh"}, Cmd: []string{"-c", "x"}, Env: []string{"A=1", "B_C=2"}},
	}
}

func TestTag(t *testing.T) {
	for tmpl, want := range map[string]string{
		"":                                 "0123456789ab",
		"{{.ImageName}}/{{.Name}}/{{.ID}}": "busybox:1/web/0123456789ab",
		"{{.ImageID}} {{.Command}}":        "abababababab sh -c x",
		"{{upper .Name}}{{.FullID}}":       "WEB" + strings.Repeat("0123456789abcdef", 4),
		"a\nb":                             "a_b",
	} {
		opts := map[string]string{}
		if tmpl != "" {
			opts["tag"] = tmpl
		}
		o, err := logopt.Parse(logopt.Syslog, opts)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Tag(o, sample()); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", tmpl, got, err, want)
		}
	}
}

func TestAttrs(t *testing.T) {
	for _, c := range []struct {
		opts, want map[string]string
	}{
		{nil, nil},
		{map[string]string{"labels": "job,none", "env": "A"}, map[string]string{"job": "7", "A": "1"}},
		{map[string]string{"labels-regex": "^s", "env-regex": "_"}, map[string]string{"site": "x", "B_C": "2"}},
		{map[string]string{"tag": "{{.Name}}"}, map[string]string{"tag": "web"}},
	} {
		o, err := logopt.Parse(logopt.JSONFile, c.opts)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Attrs(o, sample()); err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%v: %v %v", c.opts, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for tmpl, want := range map[string]string{"{{.Nope}}": "Nope", "{{": "template"} {
		o, err := logopt.Parse(logopt.JSONFile, map[string]string{"tag": tmpl})
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", tmpl, err)
		}
	}
}
