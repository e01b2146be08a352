package parse

import "strings"

// Capability reads one --cap-add or --cap-drop: a name of capabilities(7), in
// any case, with or without CAP_, or ALL. It returns ALL or the name with CAP_.
func Capability(s string) (string, error) {
	c := strings.ToUpper(strings.TrimSpace(s))
	if c == "ALL" {
		return c, nil
	}
	c = strings.TrimPrefix(c, "CAP_")
	bad := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' }
	if c == "" || len(c) > 40 || strings.ContainsFunc(c, bad) {
		return "", invalid("invalid capability: '%s'", s)
	}
	return "CAP_" + c, nil
}
