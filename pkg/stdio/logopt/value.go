package logopt

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/parse"
)

// Readers of one value each.

func maxSize(to *int64) func(string) error {
	return func(s string) (err error) {
		if s == "-1" {
			*to = -1
			return nil
		}
		if *to, err = parse.Size(s); err == nil && *to == 0 {
			err = errors.New("at least one byte, or -1 for no limit")
		}
		return err
	}
}

// buffer reads max-buffer-size, which is memory of the supervisor.
func buffer(to *int) func(string) error {
	return func(s string) error {
		n, err := parse.Size(s)
		if err == nil && (n < 1 || n > math.MaxInt32) {
			err = errors.New("a size between one byte and 2g")
		}
		*to = int(n)
		return err
	}
}

func count(to *int) func(string) error {
	return func(s string) (err error) {
		if *to, err = strconv.Atoi(s); err != nil || *to < 1 {
			return errors.New("a number of at least 1")
		}
		return nil
	}
}

func boolean(to *bool) func(string) error {
	return func(s string) (err error) {
		if *to, err = strconv.ParseBool(s); err != nil {
			return errors.New("true or false")
		}
		return nil
	}
}

func word[T any](known map[string]T, to *T) func(string) error {
	return func(s string) error {
		v, ok := known[s]
		if !ok {
			return errors.New("not one of its values")
		}
		*to = v
		return nil
	}
}

func text(to *string) func(string) error {
	return func(s string) error {
		*to = s
		return nil
	}
}

func words(to *[]string) func(string) error {
	return func(s string) error {
		for w := range strings.SplitSeq(s, ",") {
			if w != "" {
				*to = append(*to, w)
			}
		}
		return nil
	}
}

func pattern(to **regexp.Regexp) func(string) error {
	return func(s string) (err error) {
		if *to, err = regexp.Compile(s); err != nil {
			return fmt.Errorf("not a regular expression: %w", err)
		}
		return nil
	}
}
