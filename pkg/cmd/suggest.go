package cmd

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// NearestVerb returns the name of the one of verbs that somebody who typed word is
// likely to have meant; empty: none.
func NearestVerb(word string, verbs []*cli.Command) string {
	return nearest(word, verbNames(verbs))
}

// nearest returns the one of known that is one or two letters away from word, by
// Levenshtein's distance, or begins with it; empty: none.
func nearest(word string, known []string) string {
	limit := 1
	if len(word) > 3 { // two letters that are exchanged are two
		limit = 2
	}
	best := ""
	for _, k := range known {
		if d := smetrics.WagnerFischer(word, k, 1, 1, 1); d <= limit && d < len(word)-1 && d > 0 {
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
	if n := nearest(word, known); n != "" {
		return "did you mean " + before + n + "? "
	}
	return ""
}
