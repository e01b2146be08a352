package parse

import "strings"

// maxName bounds a name: it becomes a file name, and a host name of a network.
const maxName = 128

// Name checks the name of a container, volume or network:
// [a-zA-Z0-9][a-zA-Z0-9_.-]+, at least two characters. what is the word for the
// object in the error: container, volume, network. A leading slash, which
// docker prints before container names, is dropped for containers.
func Name(what, s string) (string, error) {
	if what == "container" {
		s = strings.TrimPrefix(s, "/")
	}
	switch {
	case len(s) > maxName:
		return "", invalid("Invalid %s name (%.40s…): longer than %d characters", what, s, maxName)
	case len(s) == 1 && isNameStart(s[0]):
		return "", invalid("Invalid %s name (%s): too short, at least two characters", what, s)
	case len(s) < 2 || !isNameStart(s[0]) || strings.IndexFunc(s, notName) >= 0:
		return "", invalid("Invalid %s name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", what, s)
	}
	return s, nil
}

func isNameStart(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

func notName(r rune) bool {
	return r >= 0x80 || !isNameStart(byte(r)) && r != '_' && r != '.' && r != '-'
}

// Hostname checks --hostname or a network alias: labels of letters, digits,
// hyphens and (as docker) underscores, joined by dots; at most 63 characters,
// hostname(7) and sethostname(2).
func Hostname(s string) (string, error) {
	bad := func(r rune) bool { return notName(r) }
	if s == "" || len(s) > 63 || strings.IndexFunc(s, bad) >= 0 || strings.Trim(s, ".-") != s {
		return "", invalid("invalid hostname: '%s': 1 to 63 letters, digits, hyphens and dots", s)
	}
	return s, nil
}
