package logopt

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// The drivers.
const (
	JSONFile    = "json-file"
	Journald    = "journald"
	Syslog      = "syslog"
	None        = "none"
	Passthrough = "passthrough" // podman's: the caller's own descriptors, also in the background
)

// Drivers lists them.
func Drivers() []string { return []string{JSONFile, Journald, Syslog, None, Passthrough} }

// Options are a log driver with its options.
type Options struct {
	Driver string
	JSON   stdio.LogOptions // of json-file, without Attrs
	// NonBlocking loses entries as soon as MaxBuffer is full, instead of holding the
	// container up for a while.
	NonBlocking bool
	MaxBuffer   int // bytes that wait for a slow driver
	Syslog      SyslogOptions

	Tag   string // a template, see logtag; empty: docker's default, the short id
	Attrs Attrs
}

// Attrs choose what of a container stands with its entries: labels and variables,
// by name and by pattern.
type Attrs struct {
	Labels, Env           []string
	LabelsRegex, EnvRegex *regexp.Regexp // nil: none
}

// defaultBuffer is docker's max-buffer-size.
const defaultBuffer = 1 << 20

// Parse reads a driver and its options; the empty driver is json-file. What is
// not known, or has no such value, fails with kind invalid, an unknown driver
// with kind unsupported.
func Parse(driver string, opts map[string]string) (*Options, error) {
	if driver == "" {
		driver = JSONFile
	}
	o := &Options{Driver: driver, JSON: stdio.DefaultLogOptions(), MaxBuffer: defaultBuffer, Syslog: defaultSyslog()}
	var known map[string]func(string) error
	switch driver {
	case JSONFile:
		known = merged(o.common(), o.jsonFile())
	case Journald:
		known = o.common()
	case Syslog:
		known = merged(o.common(), o.syslog())
		for _, k := range []string{"labels", "labels-regex", "env", "env-regex"} {
			delete(known, k) // the protocols have no place for them
		}
	case None, Passthrough:
		if len(opts) > 0 {
			return nil, errs.New(errs.Invalid, "invalid logging opts for driver %s", driver)
		}
	default:
		return nil, errs.New(errs.Unsupported, "--log-driver %s: no log driver of that name: there are %s", driver, strings.Join(Drivers(), ", "))
	}
	for _, k := range sorted(opts) {
		read := known[k]
		if read == nil {
			return nil, errs.New(errs.Invalid, "unknown log opt '%s' for %s log driver", k, driver)
		}
		if err := read(opts[k]); err != nil {
			return nil, errs.New(errs.Invalid, "log option %s=%s: %w", k, opts[k], err)
		}
	}
	return o, o.conflicts(opts)
}

// Of reads those of a container.
func Of(c *record.Container) (*Options, error) { return Parse(c.Policy.Log.Driver, c.Policy.Log.Opts) }

// conflicts refuses options that need others, in docker's words.
func (o *Options) conflicts(opts map[string]string) error {
	_, buffer := opts["max-buffer-size"]
	switch {
	case buffer && !o.NonBlocking:
		return errs.New(errs.Invalid, "logger option 'max-buffer-size' is only supported with 'mode=non-blocking'")
	case o.JSON.Compress && (o.JSON.MaxFile < 2 || o.JSON.MaxSize < 0):
		return errs.New(errs.Invalid, "compress cannot be true when max-file is less than 2 or max-size is not set")
	case o.Syslog.Cert != "" && o.Syslog.Key == "" || o.Syslog.Cert == "" && o.Syslog.Key != "":
		return errs.New(errs.Invalid, "syslog-tls-cert and syslog-tls-key go together")
	}
	return nil
}

// common are the options that every driver that keeps something has.
func (o *Options) common() map[string]func(string) error {
	return map[string]func(string) error{
		"mode":            word(map[string]bool{"blocking": false, "non-blocking": true}, &o.NonBlocking),
		"max-buffer-size": buffer(&o.MaxBuffer),
		"tag":             text(&o.Tag),
		"labels":          words(&o.Attrs.Labels),
		"env":             words(&o.Attrs.Env),
		"labels-regex":    pattern(&o.Attrs.LabelsRegex),
		"env-regex":       pattern(&o.Attrs.EnvRegex),
	}
}

func (o *Options) jsonFile() map[string]func(string) error {
	return map[string]func(string) error{
		"max-size": maxSize(&o.JSON.MaxSize),
		"max-file": count(&o.JSON.MaxFile),
		"compress": boolean(&o.JSON.Compress),
	}
}

func merged(a, b map[string]func(string) error) map[string]func(string) error {
	maps.Copy(a, b)
	return a
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
