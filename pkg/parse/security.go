package parse

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// MaxSeccomp bounds a seccomp profile's file.
const MaxSeccomp = 1 << 20

// Security is what the --security-opt flags say together.
type Security struct {
	Seccomp         string // empty: the default profile; "unconfined"; else a profile's JSON
	NoNewPrivileges bool
	Unmasked        bool // systempaths=unconfined
}

// SecurityOpts reads all --security-opt flags: seccomp=FILE|unconfined|default,
// no-new-privileges[=bool], systempaths=unconfined, and apparmor=unconfined and
// label=disable, which say what is. Other apparmor and label options are of kind
// unsupported. read returns a profile's text, of at most MaxSeccomp bytes.
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
		var err error
		switch key {
		case "no-new-privileges":
			if out.NoNewPrivileges = true; ok {
				out.NoNewPrivileges, err = strictBool(val)
			}
		case "seccomp":
			out.Seccomp, err = seccompProfile(val, read)
		case "systempaths":
			if out.Unmasked = true; val != "unconfined" {
				err = invalid("systempaths can only be unconfined")
			}
		case "apparmor":
			if val != "unconfined" {
				err = errs.New(errs.Unsupported, "Pouch loads no AppArmor profile; leave it out or say apparmor=unconfined")
			}
		case "label":
			if val != "disable" {
				err = errs.New(errs.Unsupported, "Pouch sets no SELinux label; leave it out or say label=disable")
			}
		default:
			err = invalid("unknown option")
		}
		if err != nil {
			return Security{}, errs.New(errs.KindOf(err), "invalid --security-opt %q: %w", s, err)
		}
	}
	return out, nil
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
