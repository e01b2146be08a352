package parse

import (
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Restart reads --restart: no, always, unless-stopped or on-failure[:max].
func Restart(s string) (record.Restart, error) {
	name, count, has := strings.Cut(s, ":")
	switch name {
	case "", "no", "always", "unless-stopped":
		if has {
			return record.Restart{}, invalid("invalid restart policy: %s: maximum retry count can only be used with 'on-failure'", s)
		}
		return record.Restart{Name: name}, nil
	case "on-failure":
	default:
		return record.Restart{}, invalid("invalid restart policy: unknown policy '%s'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'", s)
	}
	if !has {
		return record.Restart{Name: name}, nil
	}
	n, err := strconv.ParseInt(count, 10, 32)
	if err != nil {
		return record.Restart{}, invalid("invalid restart policy: %s: maximum retry count must be an integer", s)
	}
	if n < 0 {
		return record.Restart{}, invalid("invalid restart policy: %s: maximum retry count cannot be negative", s)
	}
	return record.Restart{Name: name, Max: int(n)}, nil
}
