package cmd

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestCandidates: a command line, of which the last word is being written, and
// what it may become.
func TestCandidates(t *testing.T) {
	app := &cli.App{Commands: testVerbs(), Flags: testGlobals()}
	what := Completer{
		Targets: func(_ *cli.Context, verb string) []string { return []string{"t-" + verb} },
		Values:  func(_ *cli.Context, flag string) []string { return []string{"v-" + flag} },
	}
	for in, want := range map[string]string{
		"":                     "run exec rm logs secret",
		"r":                    "run rm",
		"rm ":                  "t-rm",
		"remove ":              "t-rm",
		"rm --f":               "--force",
		"rm --time ":           "v-time",
		"rm -ft ":              "v-time",
		"rm --time=v":          "--time=v-time",
		"rm --time=x":          "",
		"rm -- -":              "",
		"run --name x ":        "t-run",
		"run --name x img ":    "",
		"run img --n":          "",
		"--root /r --debug lo": "logs",
		"secret ":              "create",
		"secret new --l":       "--label",
		"secret create x ":     "t-secret create",
		"nothing x":            "",
	} {
		var got []string
		for _, c := range what.candidates(nil, app, strings.Split(in, " ")) {
			got = append(got, c.word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
}

// TestBashWords: what bash tells of a line, and where its last word begins.
func TestBashWords(t *testing.T) {
	for _, c := range []struct {
		line, last, want string
		cut              int
	}{
		{"p", "p", "", 0},
		{"p run ", "", "run|", 0},
		{"p run --net=a", "a", "run|--net=a", 6},
		{"p run --net=", "=", "run|--net=", 6},
		{"p rm we", "we", "rm|we", 0},
	} {
		words, cut := bashWords(c.line, c.last)
		if strings.Join(words, "|") != c.want || cut != c.cut {
			t.Errorf("%q: %q, cut %d", c.line, words, cut)
		}
	}
}
