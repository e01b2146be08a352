package parse

import (
	"math"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// limits that --ulimit knows: getrlimit(2).
const limits = " as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack "

// Ulimit reads one --ulimit: name=soft[:hard], hard being soft where it is left
// out, -1 no limit.
func Ulimit(s string) (record.Rlimit, error) {
	name, values, ok := strings.Cut(s, "=")
	if !ok || strings.ContainsRune(name, ' ') {
		return record.Rlimit{}, invalid("invalid ulimit argument: %s: write it as name=soft[:hard]", s)
	}
	if !strings.Contains(limits, " "+name+" ") {
		return record.Rlimit{}, invalid("invalid ulimit type: %s", name)
	}
	softText, hardText, two := strings.Cut(values, ":")
	soft, ok := limit(softText)
	hard, ok2 := soft, true
	if two {
		hard, ok2 = limit(hardText)
	}
	if !ok || !ok2 {
		return record.Rlimit{}, invalid("invalid ulimit argument: %s: write it as name=soft[:hard]", s)
	}
	if soft > hard {
		return record.Rlimit{}, invalid("ulimit soft limit must be less than or equal to hard limit: %s", s)
	}
	return record.Rlimit{Type: "RLIMIT_" + strings.ToUpper(name), Soft: soft, Hard: hard}, nil
}

func limit(s string) (uint64, bool) {
	if s == "-1" {
		return math.MaxUint64, true // RLIM_INFINITY
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil
}
