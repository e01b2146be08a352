package image

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// Bounds of a lock file: a line in bytes, and lines.
const (
	maxLockLine  = 1 << 10
	maxLockLines = 10_000
)

// Locked is a line of a lock file: what a name meant when it was locked.
type Locked struct {
	Name   string        // full reference
	Digest digest.Digest // of the index or manifest
}

// String is the line.
func (l Locked) String() string { return l.Name + " " + l.Digest.String() }

// ReadLock reads a lock file: a name and a digest a line, apart by white space.
// Empty lines, and what follows a # at the beginning of a line, do not count. A
// name that comes twice with different digests, and all else, gives kind invalid.
func ReadLock(r io.Reader) (out []Locked, err error) {
	seen := map[string]digest.Digest{}
	err = lockLines(r, func(n int, words []string) error {
		if len(words) != 2 {
			return errs.New(errs.Invalid, "lock file, line %d: not NAME DIGEST", n)
		}
		full, err := imageref.Normalize(words[0])
		if err != nil {
			return errs.New(errs.Invalid, "lock file, line %d: %w", n, err)
		}
		d, err := digest.Parse(words[1])
		if err != nil {
			return errs.New(errs.Invalid, "lock file, line %d: %s: %w", n, words[1], err)
		}
		if before, twice := seen[full]; twice {
			if before != d {
				return errs.New(errs.Invalid, "lock file, line %d: %s has another digest above", n, full)
			}
			return nil
		}
		seen[full] = d
		out = append(out, Locked{full, d})
		return nil
	})
	return out, err
}

// ReadNames reads a list of images, the first word of each line, so that a lock
// file is one too; full references, but for a short name that may be several's, each once.
func ReadNames(r io.Reader) (out []string, err error) {
	err = lockLines(r, func(n int, words []string) error {
		full, err := registry.FullNames(words[0])
		if err != nil {
			return errs.New(errs.Invalid, "line %d: %w", n, err)
		}
		name := words[0]
		if len(full) == 1 {
			name = full[0]
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		return nil
	})
	return out, err
}

func lockLines(r io.Reader, each func(n int, words []string) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLockLine)
	for n := 1; sc.Scan(); n++ {
		if n > maxLockLines {
			return errs.New(errs.Invalid, "more than %d lines", maxLockLines)
		}
		words := strings.Fields(sc.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := each(n, words); err != nil {
			return err
		}
	}
	if err := sc.Err(); err != nil {
		return errs.New(errs.Invalid, "%w", err)
	}
	return nil
}

// choose returns the lines of the given names, all without any. A name that is
// not locked gives kind not_found.
func choose(lock []Locked, names []string) (out []Locked, err error) {
	if len(names) == 0 {
		return lock, nil
	}
	for _, n := range names {
		full, err := imageref.Normalize(n)
		if err != nil {
			return nil, err
		}
		i := -1
		for _, name := range append([]string{full}, others(n)...) {
			if i < 0 {
				i = slices.IndexFunc(lock, func(l Locked) bool { return l.Name == name })
			}
		}
		if i < 0 {
			return nil, errs.New(errs.NotFound, "%s is not in the lock file", full)
		}
		out = append(out, lock[i])
	}
	return out, nil
}
