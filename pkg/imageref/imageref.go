// Package imageref is the grammar of image references as docker has it: a
// familiar name (busybox) stands for a full one (docker.io/library/busybox:latest).
// Pure.
//
// It is that of github.com/distribution/reference, by which it is tested. That
// package compiles its regular expressions whenever a program starts: half of
// what pouch-run initialized, and half a megabyte in every supervisor.
package imageref

import (
	"path"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// MinID is the least number of hex digits that name an image by its id.
const MinID = 4

// Normalize returns the full form of a reference: domain, path and tag, or
// domain, path and digest (a tag beside a digest is dropped, as docker does).
// Words that are no reference give kind invalid.
func Normalize(s string) (string, error) {
	r, err := parse(s)
	return r.String(), err
}

// Parts of a reference, names in familiar form.
type Parts struct {
	Domain     string // docker.io
	Repository string // familiar: busybox, localhost:5000/app
	Name       string // the repository's full form: docker.io/library/busybox
	Tag        string
	Digest     string // sha256:…
}

// Split takes a reference apart; it is normalized first.
func Split(s string) (Parts, error) {
	r, err := parse(s)
	if err != nil {
		return Parts{}, err
	}
	return Parts{Domain: r.domain, Repository: r.familiar(), Name: r.name(), Tag: r.tag, Digest: r.digest}, nil
}

// Familiar is the short form of a full reference, the words themselves when
// they are none.
func Familiar(full string) string {
	r, err := parse(full)
	if err != nil {
		return full
	}
	return r.familiar() + r.version()
}

// Match reports whether the full reference matches a shell pattern as in
// docker's --filter reference=: against the familiar name with tag, and
// without.
func Match(pattern, full string) (bool, error) {
	r, err := parse(full)
	if err != nil {
		return false, nil //nolint:nilerr // what is no reference matches nothing
	}
	ok, err := path.Match(pattern, r.familiar()+r.version())
	if err == nil && !ok {
		ok, err = path.Match(pattern, r.familiar())
	}
	if err != nil {
		return false, errs.New(errs.Invalid, "%q is not a pattern: %w", pattern, err)
	}
	return ok, nil
}

// IDPrefix returns the hex digits of an image id or its beginning, with or
// without "sha256:"; "" when s cannot be one.
func IDPrefix(s string) string {
	hex := strings.TrimPrefix(s, "sha256:")
	if len(hex) < MinID || len(hex) > 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return ""
	}
	return hex
}
