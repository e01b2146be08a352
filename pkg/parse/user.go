package parse

import "strings"

// User checks --user: name|uid[:group|gid]. Names are looked up in the
// container's own files when it starts; here only what can be no name is refused.
func User(s string) (string, error) {
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f }
	user, group, has := strings.Cut(s, ":")
	if strings.ContainsFunc(s, bad) || strings.Contains(group, ":") || has && user == "" && group == "" || len(s) > 256 {
		return "", invalid("invalid user: %q: write it as name|uid[:group|gid]", s)
	}
	return s, nil
}

// Group checks one --group-add: a name or a number.
func Group(s string) (string, error) {
	if s == "" || strings.Contains(s, ":") {
		return "", invalid("invalid group: %q", s)
	}
	if _, err := User(s); err != nil {
		return "", invalid("invalid group: %q", s)
	}
	return s, nil
}
