// Package command turns a container's record into the command line that makes
// the container again. It is pure.
package command

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Base is what a container of the image has when the caller says nothing.
type Base struct {
	Process record.Process
	Labels  record.Labels
	Volumes []string // paths at which the image wants a volume
	Health  *record.Health
}

// Line returns the words after `pouch-run run` that make c again: flags, the
// image, the command. What base has too is left out; base nil, an image that is
// not there any more, says all. hostname is the host's own. warnings tell what a
// command line cannot carry.
func Line(c *record.Container, base *Base, hostname string) (words, warnings []string) {
	l := &line{c: c, base: base, hostname: hostname}
	l.identity()
	l.policy()
	l.process()
	l.networks()
	l.mounts()
	l.secrets()
	l.rights()
	l.devices()
	l.namespaces()
	l.resources()
	l.diskQuotas()
	l.logs()
	l.health()
	l.rich()
	tail := l.tail()
	return append(l.words, tail...), l.warnings
}

type line struct {
	c        *record.Container
	base     *Base // nil: not known
	hostname string
	words    []string
	warnings []string
}

// add adds a flag with a value. One that begins with a dash would be taken for a
// flag if it stood alone.
func (l *line) add(flag, value string) {
	if strings.HasPrefix(value, "-") || value == "" {
		l.words = append(l.words, "--"+flag+"="+value)
		return
	}
	l.words = append(l.words, "--"+flag, value)
}

func (l *line) addIf(flag, value string) {
	if value != "" {
		l.add(flag, value)
	}
}

func (l *line) each(flag string, values []string) {
	for _, v := range values {
		l.add(flag, v)
	}
}

func (l *line) pairs(flag string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		l.add(flag, k+"="+m[k])
	}
}

func (l *line) on(flag string, set bool) {
	if set {
		l.words = append(l.words, "--"+flag)
	}
}

// number adds a number that is not 0.
func (l *line) number(flag string, n int64) {
	if n != 0 {
		l.add(flag, strconv.FormatInt(n, 10))
	}
}

func (l *line) warn(text string) { l.warnings = append(l.warnings, text) }

// csv joins fields, each in quotes where it needs them (RFC 4180).
func csv(fields ...string) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		if strings.ContainsAny(f, ",\"\r\n") {
			f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
		out[i] = f
	}
	return strings.Join(out, ",")
}
