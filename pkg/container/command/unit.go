package command

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Unit is a service of systemd that runs the container in its foreground and
// makes it anew at every start: systemd.service(5). program is pouch-run's path,
// global its flags, words those of Line. A restart policy becomes the unit's.
func Unit(c *record.Container, program string, global, words []string) string {
	args := append([]string{program}, global...)
	args = append(args, "run", "--rm", "--replace")
	args = append(args, words...)
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=Container %s\n", specifiers(c.Name))
	b.WriteString("Wants=pouch-containerd.service network-online.target\nAfter=pouch-containerd.service network-online.target\n")
	b.WriteString("\n[Service]\nType=notify\nNotifyAccess=main\n")
	fmt.Fprintf(&b, "ExecStart=%s\n", execLine(args))
	fmt.Fprintf(&b, "ExecReload=%s\n", execLine(append(append([]string{program}, global...), "kill", "--signal", "HUP", c.Name)))
	b.WriteString("# The container's cgroup is made below the unit's.\nDelegate=yes\n")
	b.WriteString("# pouch-run gets the signal and stops the container as it wants to be stopped.\nKillMode=mixed\n")
	b.WriteString("# The end that a stop asks for.\nSuccessExitStatus=143\n")
	if t := c.Process.StopTimeout; t != nil {
		b.WriteString("TimeoutStopSec=" + stopTime(*t) + "\n")
	}
	b.WriteString("Restart=" + restart(c.Policy.Restart) + "\nRestartSec=1\n")
	b.WriteString("\n[Install]\nWantedBy=multi-user.target\n")
	return b.String()
}

// stopTime leaves Pouch the time to kill by itself.
func stopTime(seconds int) string {
	if seconds < 0 {
		return "infinity"
	}
	return fmt.Sprint(seconds + 10)
}

// restart is systemd's word for a restart policy.
func restart(r record.Restart) string {
	switch r.Name {
	case "always", "unless-stopped":
		return "always"
	case "on-failure":
		return "on-failure"
	}
	return "no"
}

// ForUnit is c as a unit runs it: what the unit says itself is left out.
func ForUnit(c *record.Container) *record.Container {
	out := *c
	out.Policy.AutoRemove, out.Policy.Restart = false, record.Restart{}
	out.Policy.OnClientExit = ""
	return &out
}

// execLine quotes words for ExecStart= and the like (systemd.service(5), "Command
// lines"), a flag with its value on a line.
func execLine(words []string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case strings.HasPrefix(w, "--"):
			b.WriteString(" \\\n    ")
		default:
			b.WriteByte(' ')
		}
		b.WriteString(unitWord(w, i == 0))
	}
	return b.String()
}

// unitWord quotes a word: in quotes, with C's escapes, and with %% and $$ for %
// and $, which mean something in quotes, too. $ does not in the program's path.
func unitWord(w string, program bool) string {
	var b strings.Builder
	for i := 0; i < len(w); {
		r, n := utf8.DecodeRuneInString(w[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < ' ' && r != '\n' && r != '\t', r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, w[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\\' || r == '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '%', r == '$' && !program:
			b.WriteRune(r)
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	if out := b.String(); out == w && w != "" && strings.IndexFunc(w, unitSpecial) < 0 {
		return out
	}
	return `"` + b.String() + `"`
}

// unitSpecial are characters that want quotes.
func unitSpecial(r rune) bool { return r == ' ' || r == '\'' || r == ';' || r >= utf8.RuneSelf }

// specifiers keeps % from meaning something.
func specifiers(s string) string { return strings.ReplaceAll(s, "%", "%%") }
