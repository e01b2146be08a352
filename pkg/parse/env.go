package parse

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFile bounds an env file or label file.
const MaxFile = 16 << 20

// maxLine bounds a line: MAX_ARG_STRLEN of execve(2).
const maxLine = 128 << 10

// Lookup finds a variable of the caller's environment, as os.LookupEnv.
type Lookup func(key string) (value string, ok bool)

// Env reads one -e. K=V is kept as it is (V may be empty); K takes the caller's
// value. K that the caller has not is returned as K, without a "=": it removes
// what the image sets.
func Env(s string, lookup Lookup) (string, error) {
	key, _, has := strings.Cut(s, "=")
	if key == "" {
		return "", invalid("invalid environment variable: '%s'", s)
	}
	if err := checkText("environment variable", s); err != nil {
		return "", err
	}
	if has {
		return s, nil
	}
	if v, ok := lookup(key); ok {
		return key + "=" + v, CheckUTF8(key, v)
	}
	return key, nil
}

// EnvFile reads an --env-file: one K=V a line, # begins a comment line, blanks
// before K are dropped, quotes and blanks in V are kept. K alone takes the
// caller's value and is left out where the caller has none. name is the file's
// name in errors.
func EnvFile(name string, r io.Reader, lookup Lookup) ([]string, error) {
	var out []string
	err := eachLine(r, func(n int, line string) error {
		key, _, has := strings.Cut(line, "=")
		switch {
		case key == "":
			return invalid("no variable name on line '%s'", line)
		case strings.ContainsAny(key, " \t"):
			return invalid("variable '%s' contains whitespaces", key)
		case strings.ContainsRune(line, 0):
			return invalid("NUL byte at line %d", n)
		}
		if has {
			out = append(out, line)
			return nil
		}
		if v, ok := lookup(key); ok {
			out = append(out, key+"="+v)
			return CheckUTF8(key, v)
		}
		return nil
	})
	if err != nil {
		return nil, invalid("invalid env file (%s): %w", name, err)
	}
	return out, nil
}

// CheckUTF8 refuses the value of a variable that JSON, which records and the runtime's
// configuration are, cannot hold.
func CheckUTF8(key, value string) error {
	if !utf8.ValidString(value) {
		return invalid("variable %q has the value %q, which is not UTF-8, and what is kept is JSON", key, value)
	}
	return nil
}

// eachLine calls do with every line that is neither empty nor a comment, without
// the blanks before it.
func eachLine(r io.Reader, do func(n int, line string) error) error {
	sc, n := bufio.NewScanner(io.LimitReader(r, MaxFile)), 1
	sc.Buffer(nil, maxLine)
	for ; sc.Scan(); n++ {
		line := sc.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\uFEFF")
		}
		if !utf8.ValidString(line) {
			return invalid("invalid utf8 bytes at line %d", n)
		}
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := do(n, line); err != nil {
			return err
		}
	}
	if err := sc.Err(); errors.Is(err, bufio.ErrTooLong) {
		return invalid("line %d has over %d KiB, more than the kernel gives to a program in one variable", n, maxLine>>10)
	} else if err != nil {
		return invalid("line %d: %w", n, err)
	}
	return nil
}
