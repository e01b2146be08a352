package parse

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Label reads one --label, K[=V]; without V it is empty.
func Label(s string) (key, value string, err error) {
	key, value, _ = strings.Cut(s, "=")
	key = strings.TrimLeft(key, " \t")
	switch {
	case key == "":
		return "", "", invalid("invalid label '%s': empty name", s)
	case strings.ContainsAny(key, " \t\n\x00"):
		return "", "", invalid("label '%s' contains whitespaces", key)
	case !utf8.ValidString(s):
		return "", "", invalid("invalid label %q: not UTF-8, and what is kept is JSON", s)
	}
	return key, value, nil
}

// Labels reads many; the last of one key counts. nil when there is none.
func Labels(list []string) (record.Labels, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make(record.Labels, len(list))
	for _, s := range list {
		k, v, err := Label(s)
		if err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, nil
}

// LabelFile reads a --label-file: one label a line, in the form of EnvFile. name
// is the file's name in errors.
func LabelFile(name string, r io.Reader) ([]string, error) {
	var out []string
	err := eachLine(r, func(_ int, line string) error {
		if _, _, err := Label(line); err != nil {
			return err
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		return nil, invalid("invalid label file (%s): %w", name, err)
	}
	return out, nil
}
