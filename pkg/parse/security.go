package parse

import (
	"bytes"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// MaxSeccomp bounds a seccomp profile's file.
const MaxSeccomp = 1 << 20

// Security is what the --security-opt flags say together.
type Security struct {
	Seccomp         string // empty: the default profile; "unconfined"; else a profile's JSON
	NoNewPrivileges bool
	Unmasked        bool   // systempaths=unconfined
	AppArmor        string // a profile, or unconfined
	SELinux         []string
	Mask, Unmask    []string
}

// SecurityOpts reads all --security-opt flags: seccomp=FILE|unconfined|default,
// no-new-privileges[=bool], systempaths=unconfined, apparmor=PROFILE|unconfined,
// label=disable|user:…|role:…|type:…|level:…|filetype:…, and podman's
// mask=PATH[:PATH…] and unmask=ALL|PATTERN[:PATTERN…]. read returns a seccomp
// profile's text, of at most MaxSeccomp bytes.
func SecurityOpts(list []string, read func(file string) ([]byte, error)) (Security, error) {
	var out Security
	for _, s := range list {
		key, val, ok := strings.Cut(s, "=")
		if !ok {
			key, val, ok = strings.Cut(s, ":")
		}
		if key != "no-new-privileges" && val == "" {
			return Security{}, invalid("invalid --security-opt: %q", s)
		}
		if key == "no-new-privileges" && !ok {
			val = "true"
		}
		if err := out.set(key, val, read); err != nil {
			return Security{}, errs.New(errs.KindOf(err), "invalid --security-opt %q: %w", s, err)
		}
	}
	return out, nil
}

// set reads one option.
func (o *Security) set(key, val string, read func(file string) ([]byte, error)) (err error) {
	switch key {
	case "no-new-privileges":
		o.NoNewPrivileges, err = strictBool(val)
	case "seccomp":
		o.Seccomp, err = seccompProfile(val, read)
	case "systempaths":
		if o.Unmasked = true; val != "unconfined" {
			err = invalid("systempaths can only be unconfined")
		}
	case "apparmor":
		if o.AppArmor = val; strings.ContainsAny(val, " \x00\n") {
			err = invalid("no profile has such a name")
		}
	case "label":
		o.SELinux = append(o.SELinux, val)
		err = checkLabel(val)
	case "mask":
		o.Mask, err = maskedPaths(o.Mask, val)
	case "unmask":
		if strings.EqualFold(val, "all") {
			o.Unmask = append(o.Unmask, "ALL")
			return nil
		}
		o.Unmask, err = maskedPaths(o.Unmask, val)
	default:
		err = invalid("unknown option")
	}
	return err
}

// checkLabel checks an option of SELinux's, docker's grammar.
func checkLabel(s string) error {
	kind, val, _ := strings.Cut(s, ":")
	if s == "disable" || val != "" && slices.Contains([]string{"user", "role", "type", "level", "filetype"}, kind) && !strings.ContainsAny(val, " \x00\n") {
		return nil
	}
	return invalid("use label=disable, user:USER, role:ROLE, type:TYPE, level:LEVEL or filetype:TYPE")
}

// maskedPaths adds paths, or patterns of such, which colons separate.
func maskedPaths(to []string, s string) ([]string, error) {
	for p := range strings.SplitSeq(s, ":") {
		if !path.IsAbs(p) || strings.ContainsRune(p, 0) {
			return nil, invalid("%q: a path is absolute", p)
		}
		if _, err := path.Match(p, "/"); err != nil {
			return nil, invalid("%q: %w", p, err)
		}
		to = append(to, path.Clean(p))
	}
	return to, nil
}

func seccompProfile(val string, read func(string) ([]byte, error)) (string, error) {
	switch val {
	case "unconfined":
		return val, nil
	case "default", "builtin":
		return "", nil
	}
	text, err := read(val)
	if err != nil {
		return "", invalid("opening seccomp profile (%s) failed: %w", val, err)
	}
	if len(text) > MaxSeccomp {
		return "", invalid("seccomp profile (%s) is larger than %d bytes", val, MaxSeccomp)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return "", invalid("seccomp profile (%s) is not JSON: %w", val, err)
	}
	return b.String(), nil
}
