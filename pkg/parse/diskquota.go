package parse

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// DiskQuotas reads the values of --disk-quota, as PouchContainer's
// docs/features/pouch_with_diskquota.md has them, each one rule or several with
// commas or semicolons between: SIZE for root and volumes together, PATH=SIZE,
// PATH&PATH=SIZE for some together, and PATTERN=SIZE for each that a regular
// expression matches as a whole.
func DiskQuotas(values []string) ([]record.DiskQuota, error) {
	var out []record.DiskQuota
	for _, v := range values {
		for rule := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == ';' }) {
			q, err := diskQuota(rule)
			if err != nil {
				return nil, err
			}
			out = append(out, q)
		}
		if strings.Trim(v, ",;") == "" {
			return nil, invalid("invalid disk quota: %q: SIZE or PATH=SIZE", v)
		}
	}
	return Together(out, nil)
}

// Together returns the rules of both lists, if they do not contradict each other.
func Together(a, b []record.DiskQuota) ([]record.DiskQuota, error) {
	all := append(a, b...)
	if len(all) > 1 && slices.ContainsFunc(all, func(q record.DiskQuota) bool { return len(q.Paths) == 0 }) {
		return nil, invalid("invalid disk quota: a SIZE without a path is for all, and stands alone")
	}
	seen := map[string]bool{}
	for _, q := range all {
		for _, p := range q.Paths {
			if seen[p] {
				return nil, invalid("invalid disk quota: %s is there twice", p)
			}
			seen[p] = true
		}
	}
	return all, nil
}

func diskQuota(rule string) (q record.DiskQuota, err error) {
	paths, size := "", rule
	i := strings.LastIndex(rule, "=")
	if i >= 0 {
		paths, size = rule[:i], rule[i+1:]
		if q.Paths, err = quotaPaths(paths); err != nil {
			return q, err
		}
	}
	if q.Size, err = Size(size); err == nil && q.Size == 0 {
		err = invalid("it must be more than 0")
	}
	if err != nil {
		return q, invalid("invalid disk quota: %q: %w", rule, err)
	}
	return q, nil
}

func quotaPaths(s string) ([]string, error) {
	paths := strings.Split(s, "&")
	for i, p := range paths {
		switch {
		case len(p) > 4096 || p == "" || strings.IndexByte(p, 0) >= 0:
			return nil, invalid("invalid disk quota: path %q", p)
		case !QuotaPattern(p):
			paths[i] = path.Clean(p)
		case len(paths) > 1:
			return nil, invalid("invalid disk quota: %s: with & only absolute paths go together", s)
		default:
			if _, err := regexp.Compile(p); err != nil {
				return nil, invalid("invalid disk quota: %w", err)
			}
		}
	}
	return paths, nil
}

// QuotaPattern reports whether a path of a rule is a regular expression: it is
// not absolute, or has a sign that means something there beside the dot.
func QuotaPattern(p string) bool { return !path.IsAbs(p) || strings.ContainsAny(p, `*+?()[]{}|^$\`) }

// QuotaID reads --quota-id: 0 or nothing for projects of the rules' own, -1 (or any
// number below 0) for one that all share, or the number of one.
func QuotaID(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case s == "":
		return 0, nil
	case err == nil && n < 0:
		return -1, nil
	case err == nil && (n == 0 || n >= record.MinQuotaID && n < 1<<32-1):
		return n, nil
	}
	return 0, invalid("invalid quota id: %q: -1, 0, or a number from %d on", s, record.MinQuotaID)
}

// StorageOpt reads docker's --storage-opt size=SIZE, the limit of the root.
func StorageOpt(s string) (record.DiskQuota, error) {
	size, ok := strings.CutPrefix(s, "size=")
	if !ok {
		return record.DiskQuota{}, invalid("unknown storage option: %q: size=SIZE is the one", s)
	}
	n, err := Size(size)
	if err != nil || n == 0 {
		return record.DiskQuota{}, invalid("invalid storage option: %q: size=SIZE", s)
	}
	return record.DiskQuota{Paths: []string{"/"}, Size: n}, nil
}
