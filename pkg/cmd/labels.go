package cmd

import (
	"maps"
	"slices"
	"strings"
)

// Labels are labels as a table prints them: k=v,k=v, sorted by their keys.
func Labels(labels map[string]string) string {
	out := make([]string, 0, len(labels))
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}
