package script

import "github.com/rogpeppe/go-internal/testscript"

// typingScript is typing as a shell does it: $1 are the keys, as printf has them, $2
// the command. The terminal is script(1)'s; no input ends before the command does.
const typingScript = `
rm -f tty left
{
	until [ -e left ] || { [ -s tty ] && stty -F "$(cat tty)" -a 2>/dev/null | grep -q -e -icanon; }; do sleep 0.02; done
	printf "$1"
	until [ -e left ]; do sleep 0.02; done
} | script -qec "tty >tty; $2; echo code \$?; touch left" /dev/null
`

// typing KEYS COMMAND: runs the command line on a terminal, and types the keys (with
// the escapes of printf) as soon as the command takes them one by one, in raw mode:
// those typed sooner are edited by the terminal. It prints what the terminal shows,
// and at the end "code" and the exit code.
func typing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: typing KEYS COMMAND")
	}
	ts.Check(ts.Exec("sh", "-c", typingScript, "typing", args[0], args[1]))
}
