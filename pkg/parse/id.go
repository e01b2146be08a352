package parse

import "strings"

// ContainerID checks a whole id of a container: 64 hex digits in lower case.
func ContainerID(s string) (string, error) {
	if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return "", invalid("invalid container id %.80q: it has 64 of the digits 0-9 and a-f", s)
	}
	return s, nil
}
