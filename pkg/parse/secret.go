package parse

import (
	"path"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// SecretSource says where the content of a --secret comes from; all empty: the
// store.
type SecretSource struct {
	File string // of the host
	Var  string // a variable of the caller's environment
	FD   string // number of an inherited descriptor
}

// SecretName checks the name of a secret.
func SecretName(s string) (string, error) {
	if len(s) > 253 || s == "" || strings.Trim(s, nameLetters+"_.-") != "" || strings.ContainsAny(s[:1], "_.-") {
		return "", invalid("secret name %q: use up to 253 of [a-zA-Z0-9_.-], a letter or digit first", s)
	}
	return s, nil
}

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// Secret reads one --secret: NAME or id=NAME, then type=mount|env, target=,
// uid=, gid=, mode= (octal), and for a secret that is not in the store src=FILE,
// env=VARIABLE or fd=NUMBER. Fields are CSV.
func Secret(s string) (record.Secret, SecretSource, error) {
	var out record.Secret
	var from SecretSource
	fields, err := csvLine(s)
	if err != nil {
		return out, from, invalid("secret %s: %w", s, err)
	}
	for i, f := range fields {
		key, val, has := strings.Cut(f, "=")
		if i == 0 && !has {
			key, val, has = "id", f, true
		}
		if !has {
			return out, from, invalid("secret %s: %q is not KEY=VALUE", s, f)
		}
		if err := secretField(&out, &from, strings.ToLower(key), val); err != nil {
			return out, from, invalid("secret %s: %w", s, err)
		}
	}
	if out.Name, err = SecretName(out.Name); err != nil {
		return out, from, err
	}
	return out, from, finishSecret(&out, from, s)
}

func secretField(out *record.Secret, from *SecretSource, key, val string) (err error) {
	switch key {
	case "id", "name":
		out.Name = val
	case "type":
		if val != "mount" && val != "env" {
			return invalid("type=%s: use mount or env", val)
		}
		out.Env = val == "env"
	case "target", "dst", "destination":
		out.Target = val
	case "uid":
		out.UID, err = secretID(key, val)
	case "gid":
		out.GID, err = secretID(key, val)
	case "mode":
		m, merr := strconv.ParseUint(val, 8, 32)
		if merr != nil || m > 0o777 {
			return invalid("mode=%s: give permissions in octal, as 0400", val)
		}
		out.Mode = uint32(m)
	case "src", "file":
		from.File = val
	case "env":
		from.Var = val
	case "fd":
		from.FD = val
	default:
		return invalid("unknown option %q: use id, type, target, uid, gid, mode, src, env or fd", key)
	}
	return err
}

func secretID(key, val string) (uint32, error) {
	n, err := strconv.ParseUint(val, 10, 31)
	if err != nil {
		return 0, invalid("%s=%s: give a number", key, val)
	}
	return uint32(n), nil
}

// finishSecret fills in the target and refuses what contradicts itself.
func finishSecret(out *record.Secret, from SecretSource, s string) error {
	sources := 0
	for _, f := range []string{from.File, from.Var, from.FD} {
		if f != "" {
			sources++
		}
	}
	out.Own = sources == 1
	if out.Target == "" {
		out.Target = out.Name
	}
	switch {
	case sources > 1:
		return invalid("secret %s: src, env and fd exclude each other", s)
	case strings.ContainsRune(s, 0):
		return invalid("secret %q: contains a NUL byte", s)
	case out.Env && (out.UID != 0 || out.GID != 0 || out.Mode != 0):
		return invalid("secret %s: a variable has no owner and no mode", s)
	case out.Env && strings.Contains(out.Target, "="):
		return invalid("secret %s: not the name of a variable: %s", s, out.Target)
	case out.Env:
		return nil
	}
	clean := path.Clean(out.Target)
	if clean == "/" || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") {
		return invalid("secret %s: not a place for a file: %s", s, out.Target)
	}
	out.Target = clean
	return nil
}
