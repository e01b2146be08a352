package logtag

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// Attrs are the labels and variables of c that the options choose, and, in a
// json-file log, the tag when one is given. nil: none.
func Attrs(o *logopt.Options, c *record.Container) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range c.Labels {
		if chosen(k, o.Attrs.Labels, o.Attrs.LabelsRegex) {
			out[k] = v
		}
	}
	for _, kv := range c.Process.Env {
		if k, v, ok := strings.Cut(kv, "="); ok && chosen(k, o.Attrs.Env, o.Attrs.EnvRegex) {
			out[k] = v
		}
	}
	if o.Tag != "" && o.Driver == logopt.JSONFile {
		tag, err := Tag(o, c)
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
