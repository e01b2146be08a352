package parse

import (
	"encoding/json"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Instruction reads one line of a Dockerfile: its instruction in upper case and
// what follows. An empty line gives kind invalid.
func Instruction(line string) (name, rest string, err error) {
	name, rest, _ = strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
	if name == "" {
		return "", "", errs.New(errs.Invalid, "an empty change: as in CMD [\"/bin/sh\"]")
	}
	return strings.ToUpper(name), strings.TrimSpace(rest), nil
}

// CommandLine reads what follows CMD or ENTRYPOINT: a JSON array of words, or a
// line for the shell.
func CommandLine(rest string) []string {
	var words []string
	if strings.HasPrefix(rest, "[") && json.Unmarshal([]byte(rest), &words) == nil {
		return words
	}
	return []string{"/bin/sh", "-c", rest}
}

// Words splits a line at blanks as a Dockerfile does: quotes keep blanks, and a
// backslash keeps the character after it. An open quote gives kind invalid.
func Words(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	in, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			escaped = false
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
		case r == '\\' && quote != '\'':
			in, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			in, quote = true, r
		case quote == 0 && (r == ' ' || r == '\t'):
			if in {
				out = append(out, word.String())
			}
			word.Reset()
			in = false
		default:
			in = true
			word.WriteRune(r)
		}
	}
	if quote != 0 || escaped {
		return nil, errs.New(errs.Invalid, "%s: a quote or a backslash is left open", line)
	}
	if in {
		out = append(out, word.String())
	}
	return out, nil
}

// Pairs reads what follows ENV or LABEL: KEY=VALUE words, or one KEY VALUE. It
// fails with kind invalid for a word that is no pair.
func Pairs(rest string) ([][2]string, error) {
	words, err := Words(rest)
	if err != nil {
		return nil, err
	}
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		end := strings.IndexAny(rest, " \t")
		if end <= 0 {
			return nil, errs.New(errs.Invalid, "%s: as in KEY=VALUE", rest)
		}
		return [][2]string{{rest[:end], strings.TrimSpace(rest[end:])}}, nil
	}
	var out [][2]string
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return nil, errs.New(errs.Invalid, "%s: as in KEY=VALUE", w)
		}
		out = append(out, [2]string{key, value})
	}
	if len(out) == 0 {
		return nil, errs.New(errs.Invalid, "nothing follows: as in KEY=VALUE")
	}
	return out, nil
}
