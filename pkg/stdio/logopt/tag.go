package logopt

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
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

func (o *Options) readTag(s string) (err error) {
	if o.tag, err = parseTag(s); err != nil {
		return err
	}
	_, err = execute(o.tag, &record.Container{}) // a field that is not there shows here
	return err
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

// Tag is the container's tag, of the template that was given or docker's default,
// the short id.
func (o *Options) Tag(c *record.Container) (string, error) {
	t := o.tag
	if t == nil {
		var err error
		if t, err = parseTag(defaultTag); err != nil {
			return "", err
		}
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
