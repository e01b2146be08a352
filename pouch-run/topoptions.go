package main

import (
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Columns of ps -f and of ps u (ps(1)).
const (
	fullColumns = "uid,pid,ppid,c,stime,tty,time,cmd"
	userColumns = "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,command"
)

// topOptions reads what follows the container as words of ps(1): -ef, aux, -o LIST,
// or columns alone as podman has them, and returns the columns; columns when it
// says nothing of them. What only selects processes is passed over: all of the
// container are shown.
func topOptions(words []string, columns string) (string, error) {
	var list []string
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		letters, dash := strings.CutPrefix(word, "-")
		at := strings.IndexByte(letters, 'o')
		switch {
		case !dash && isColumns(word):
			list = append(list, word)
		case letters == "" || strings.Trim(before(letters, at), "AaefFlujwxgrHcnS") != "":
			return "", errs.New(errs.Invalid, "top: %q is no option of ps that is understood: -ef, aux, -o LIST or columns", word)
		case at < 0:
			columns = format(letters, columns)
		case at+1 < len(letters):
			list = append(list, letters[at+1:])
		case len(words) > 0:
			list, words = append(list, words[0]), words[1:]
		default:
			return "", errs.New(errs.Invalid, "top: -o needs a list of columns")
		}
	}
	if len(list) > 0 {
		return strings.Join(list, ","), nil
	}
	return columns, nil
}

// before is s up to at; all of it when at is negative.
func before(s string, at int) string {
	if at < 0 {
		return s
	}
	return s[:at]
}

// format is what the letters ask for: u, or f and l.
func format(letters, columns string) string {
	switch {
	case strings.Contains(letters, "u"):
		return userColumns
	case strings.ContainsAny(letters, "fFl"):
		return fullColumns
	}
	return columns
}

func isColumns(word string) bool {
	_, err := columns(word)
	return err == nil
}
