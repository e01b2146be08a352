package imageref

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

const (
	defaultDomain = "docker.io"
	legacyDomain  = "index.docker.io"
	library       = "library/" // before an official image's name
	defaultTag    = "latest"
	maxPath       = 255
	maxTag        = 128
)

// ref is a reference in its full form.
type ref struct {
	domain string // may be empty: of a name whose first part only looks like a host's
	path   string
	tag    string // or
	digest string
}

func (r ref) name() string {
	if r.domain == "" {
		return r.path
	}
	return r.domain + "/" + r.path
}

func (r ref) version() string {
	switch {
	case r.digest != "":
		return "@" + r.digest
	case r.tag != "":
		return ":" + r.tag
	}
	return ""
}

// String is the full form, "" of none.
func (r ref) String() string { return r.name() + r.version() }

// familiar is the name as people write it.
func (r ref) familiar() string {
	if r.domain != defaultDomain {
		return r.name()
	}
	if short, ok := strings.CutPrefix(r.path, library); ok && !strings.Contains(short, "/") {
		return short
	}
	return r.path
}

func wrong(s, format string, args ...any) error {
	return errs.New(errs.Invalid, "%q is not an image reference: "+format, append([]any{s}, args...)...)
}

// parse reads a reference in any form.
func parse(s string) (ref, error) {
	if len(s) == 64 && isID(s) {
		return ref{}, wrong(s, "invalid repository name (%s), cannot specify 64-byte hexadecimal strings", s)
	}
	domain, rest := splitDomain(s)
	named, hash, hashed := strings.Cut(rest, "@")
	remote, tag, tagged := strings.Cut(named, ":")
	if strings.ToLower(remote) != remote {
		return ref{}, wrong(s, "invalid reference format: repository name (%s) must be lowercase", remote)
	}
	r := ref{domain: domain, path: remote, tag: tag, digest: hash}
	if !isDomain(domain) { // then it is the name's first part, if it can be
		r.domain, r.path = "", domain+"/"+remote
	}
	switch {
	case !isPath(r.path), tagged && !isTag(tag):
		return ref{}, wrong(s, "invalid reference format")
	case len(r.path) > maxPath:
		return ref{}, wrong(s, "repository name must not be more than %d characters", maxPath)
	case hashed:
		if err := digest.Digest(hash).Validate(); err != nil {
			return ref{}, wrong(s, "%w", err)
		}
		r.tag = ""
	case !tagged:
		r.tag = defaultTag
	}
	return r, nil
}

// splitDomain splits off the host's name, and puts docker's in where there is
// none.
func splitDomain(s string) (domain, rest string) {
	first, after, more := strings.Cut(s, "/")
	switch {
	case !more:
		return defaultDomain, library + s
	case first == legacyDomain:
		domain, rest = defaultDomain, after
	case first == "localhost", strings.ContainsAny(first, ".:"), strings.ToLower(first) != first:
		domain, rest = first, after
	default:
		return defaultDomain, s
	}
	if domain == defaultDomain && !strings.Contains(rest, "/") {
		rest = library + rest
	}
	return domain, rest
}

func isID(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return isLower(c) || 'A' <= c && c <= 'Z' }

// isDomain reports whether s is a host's name or an IPv6 address in brackets,
// with a port or without.
func isDomain(s string) bool {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		port := s[i+1:]
		if host = s[:i]; port == "" || strings.Trim(port, "0123456789") != "" {
			return false
		}
	}
	if v6, ok := strings.CutPrefix(host, "["); ok {
		v6, ok = strings.CutSuffix(v6, "]")
		return ok && v6 != "" && strings.Trim(v6, "0123456789abcdefABCDEF:") == ""
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isLetter(c) && !isDigit(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

// isPath reports whether s is names separated by slashes.
func isPath(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if !isName(part) {
			return false
		}
	}
	return true
}

// isName reports whether s is words of lower-case letters and digits, separated
// by a dot, one or two underscores, or any number of dashes.
func isName(s string) bool {
	separator := "x" // what stands before the next word; at the beginning nothing may
	for i := range len(s) {
		c := s[i]
		switch {
		case isLower(c) || isDigit(c):
			separator = ""
		case separator == "" && (c == '.' || c == '_' || c == '-'),
			separator == "_" && c == '_',
			strings.HasPrefix(separator, "-") && c == '-':
			separator += string(c)
		default:
			return false
		}
	}
	return separator == ""
}

func isTag(s string) bool {
	if s == "" || len(s) > maxTag || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
