// Package logtag makes what stands with the entries of a container's log out of
// templates and choices: the tag, and labels and variables. It is apart from
// logopt since the supervisor needs no templates: it is told the result.
package logtag

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// tagged is what a tag's template sees: docker's names.
type tagged struct {
	ContainerID, ContainerName, ContainerEntrypoint string
	ContainerArgs                                   []string
	ContainerImageID, ContainerImageName            string
	ContainerCreated                                time.Time
	ContainerEnv                                    []string
	ContainerLabels                                 map[string]string
	DaemonName                                      string
}

// ID is the short id.
func (t tagged) ID() string { return short(t.ContainerID) }

// FullID is the whole id.
func (t tagged) FullID() string { return t.ContainerID }

// Name is the container's name.
func (t tagged) Name() string { return t.ContainerName }

// ImageID is the short id of the image.
func (t tagged) ImageID() string { return short(t.ImageFullID()) }

// ImageFullID is the whole id of the image, without sha256.
func (t tagged) ImageFullID() string { return strings.TrimPrefix(t.ContainerImageID, "sha256:") }

// ImageName is the image as it was asked for.
func (t tagged) ImageName() string { return t.ContainerImageName }

// Command is what runs.
func (t tagged) Command() string {
	return strings.Join(append([]string{t.ContainerEntrypoint}, t.ContainerArgs...), " ")
}

func short(id string) string { return id[:min(12, len(id))] }

// defaultTag is docker's.
const defaultTag = "{{.ID}}"

// Check refuses a template that no container can have, with kind invalid.
func Check(o *logopt.Options) error {
	if _, err := Tag(o, &record.Container{}); err != nil { // a field that is not there shows here
		return errs.New(errs.Invalid, "log option tag=%s: %w", o.Tag, err)
	}
	return nil
}

func parseTag(s string) (*template.Template, error) {
	t, err := template.New("tag").Funcs(template.FuncMap{
		"json": func(v any) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		},
		"join":  func(list []string, sep string) string { return strings.Join(list, sep) },
		"split": strings.Split, "lower": strings.ToLower, "upper": strings.ToUpper,
		"truncate": func(s string, n int) string { return s[:max(0, min(n, len(s)))] },
	}).Parse(s)
	if err != nil {
		return nil, fmt.Errorf("not a template: %w", err)
	}
	return t, nil
}

// Tag is the tag of c.
func Tag(o *logopt.Options, c *record.Container) (string, error) {
	text := o.Tag
	if text == "" {
		text = defaultTag
	}
	t, err := parseTag(text)
	if err != nil {
		return "", err
	}
	return execute(t, c)
}

func execute(t *template.Template, c *record.Container) (string, error) {
	d := tagged{
		ContainerID: c.ID, ContainerName: c.Name, ContainerImageID: c.Image.ConfigDigest, ContainerImageName: c.Image.Name,
		ContainerCreated: c.Created, ContainerEnv: c.Process.Env, ContainerLabels: c.Labels, DaemonName: "pouch",
	}
	if args := c.Process.Args(); len(args) > 0 {
		d.ContainerEntrypoint, d.ContainerArgs = args[0], args[1:]
	}
	var b strings.Builder
	if err := t.Execute(&b, d); err != nil {
		return "", fmt.Errorf("the tag: %w", err)
	}
	return strings.Map(printable, b.String()), nil
}

// printable keeps a tag on its line.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '_'
	}
	return r
}
