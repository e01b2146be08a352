package cmd

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Nearest returns the one of known that somebody who typed word is likely to have
// meant: one or two slips away, or with word as its beginning; empty: none.
func Nearest(word string, known []string) string {
	limit := 1
	if len(word) > 4 {
		limit = 2
	}
	best := ""
	for _, k := range known {
		if d := slips(word, k); d <= limit && d < len(word)-1 && d > 0 {
			best, limit = k, d-1
		}
	}
	if best == "" && len(word) > 2 {
		if i := slices.IndexFunc(known, func(k string) bool { return strings.HasPrefix(k, word) }); i >= 0 {
			return known[i]
		}
	}
	return best
}

// slips counts the letters that are missing, too many, wrong, or exchanged with their
// neighbour between a and b (the optimal string alignment distance).
func slips(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// verbNames are the words of those verbs that help shows.
func verbNames(verbs []*cli.Command) []string {
	var names []string
	for _, v := range verbs {
		if !v.Hidden {
			names = append(names, v.Names()...)
		}
	}
	return names
}

// instead are the words of an error that ask for the nearest of known.
func instead(word, before string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return "did you mean " + before + n + "? "
	}
	return ""
}
