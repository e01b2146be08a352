package logopt

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// attrs choose what of a container stands with its entries.
type attrs struct {
	labels, env           []string // names
	labelsRegex, envRegex *regexp.Regexp
}

// Attrs are the labels and variables of c that the options choose, and, in a
// json-file log, the tag when one is given. nil: none.
func (o *Options) Attrs(c *record.Container) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range c.Labels {
		if chosen(k, o.attrs.labels, o.attrs.labelsRegex) {
			out[k] = v
		}
	}
	for _, kv := range c.Process.Env {
		if k, v, ok := strings.Cut(kv, "="); ok && chosen(k, o.attrs.env, o.attrs.envRegex) {
			out[k] = v
		}
	}
	if o.tag != nil && o.Driver == JSONFile {
		tag, err := o.Tag(c)
		if err != nil {
			return nil, err
		}
		out["tag"] = tag
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func chosen(name string, names []string, re *regexp.Regexp) bool {
	return slices.Contains(names, name) || re != nil && re.MatchString(name)
}
