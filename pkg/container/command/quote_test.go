package command

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// hard are words that a shell or systemd would take for something else.
func hard() []string {
	return []string{
		"plain", "", "a b", "it's", `"dq"`, "$HOME", "${X}", "$$", "%n", "%%", "`x`", `\`, `a\nb`, "new\nline", "tab\t", ";", "&", "|", "*", "?", "[a]", "~", "#c",
		"!x", "-x", "--flag=v", "ünï☃", "\xff\xfe", "\x01\x7f", "a=b", "{a,b}", "<>", "(x)", " lead", "trail ", "'", `'\''`, "\r",
	}
}

// TestSh asks a shell what it makes of the line.
func TestSh(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("no shell here: %v", err)
	}
	words := hard()
	script := `show() { for w in "$@"; do printf '%s\001\n' "$w"; done; }; show ` + Sh(words)
	out, err := exec.Command(sh, "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x01\n"), "\x01\n")
	if strings.Join(got, "\x02") != strings.Join(words, "\x02") {
		t.Errorf("got  %q\nwant %q", got, words)
	}
}

// TestUnitWords reads the words as systemd.service(5) and systemd.syntax(7) say:
// C's escapes and quotes, then %% and $$.
func TestUnitWords(t *testing.T) {
	words := append([]string{"/bin/p"}, hard()...)
	got := systemdWords(t, execLine(words))
	if strings.Join(got, "\x02") != strings.Join(words, "\x02") {
		t.Errorf("got  %q\nwant %q\nof %s", got, words, execLine(words))
	}
}

// systemdWords splits a line.
func systemdWords(t *testing.T, line string) []string {
	line = strings.ReplaceAll(line, "\\\n", " ")
	if strings.ContainsAny(line, "\n\r") {
		t.Fatalf("more than one line: %q", line)
	}
	var out []string
	for i := 0; i < len(line); {
		if line[i] == ' ' {
			i++
			continue
		}
		var w strings.Builder
		quote := byte(0)
		for ; i < len(line) && (quote != 0 || line[i] != ' '); i++ {
			switch c := line[i]; {
			case c == '"' && quote == 0, c == '\'' && quote == 0 && w.Len() == 0:
				quote = c
			case c == quote:
				quote = 0
			case c == '\\':
				i++
				switch line[i] {
				case 'n':
					w.WriteByte('\n')
				case 't':
					w.WriteByte('\t')
				case '\\', '"':
					w.WriteByte(line[i])
				case 'x':
					w.WriteByte(unhex(line[i+1])<<4 | unhex(line[i+2]))
					i += 2
				default:
					t.Fatalf("unknown escape %c", line[i])
				}
			case (c == '%' || c == '$') && (i+1 >= len(line) || line[i+1] != c):
				t.Fatalf("a lone %c in %q", c, line)
			case c == '%' || c == '$':
				w.WriteByte(c)
				i++
			default:
				w.WriteByte(c)
			}
		}
		out = append(out, w.String())
	}
	return out
}

func unhex(c byte) byte { return byte(strings.IndexByte("0123456789abcdef", c)) }

func TestUnit(t *testing.T) {
	seconds := 30
	c := &record.Container{Name: "web", Process: record.Process{StopTimeout: &seconds}, Policy: record.Policy{Restart: record.Restart{Name: "on-failure", Max: 3}, AutoRemove: true, OnClientExit: "keep"}}
	text := Unit(c, "/usr/bin/pouch-run", []string{"--root", "/r"}, []string{"--name", "web", "img", "a$b"})
	for _, want := range []string{
		"ExecStart=/usr/bin/pouch-run \\\n    --root /r run \\\n    --rm \\\n    --replace \\\n    --name web img \"a$$b\"\n",
		"ExecReload=/usr/bin/pouch-run \\\n    --root /r kill \\\n    --signal HUP web\n",
		"\nType=notify\n", "\nDelegate=yes\n", "\nRestart=on-failure\n", "\nTimeoutStopSec=40\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
	u := ForUnit(c)
	if u.Policy.Restart.Name != "" || u.Policy.AutoRemove || u.Policy.OnClientExit != "" || c.Policy.Restart.Max != 3 {
		t.Errorf("%+v of %+v", u.Policy, c.Policy)
	}
}
