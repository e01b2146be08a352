package command

import "strings"

// Sh quotes words for sh(1) (POSIX.1, Shell Command Language, 2.2) and puts them
// on one line. A newline within a word stays one.
func Sh(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = shWord(w)
	}
	return strings.Join(out, " ")
}

// shSafe are the characters beside letters and digits that mean nothing to a
// shell wherever they stand.
const shSafe = "_-./:=,@%+"

func shWord(w string) string {
	if w != "" && strings.IndexFunc(w, shSpecial) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

func shSpecial(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(shSafe, r))
}
