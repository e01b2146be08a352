package parse

import (
	"path"
	"slices"
	"strings"
)

// Namespace reads the mode of a namespace (flag is pid, ipc, uts or userns): one
// of words, container:NAME, or ns:PATH for a namespace that is mounted somewhere.
func Namespace(flag, s string, words ...string) (string, error) {
	kind, arg, has := strings.Cut(s, ":")
	switch {
	case slices.Contains(words, s):
		return s, nil
	case has && kind == "container":
		name, err := Name("container", arg)
		return "container:" + name, err
	case has && kind == "ns":
		if !path.IsAbs(arg) || checkText(flag, arg) != nil {
			return "", invalid("--%s %s: the path of a namespace is absolute", flag, s)
		}
		return "ns:" + path.Clean(arg), nil
	}
	return "", invalid("--%s %s: use %s, container:NAME or ns:PATH", flag, s, strings.Join(words, ", "))
}
