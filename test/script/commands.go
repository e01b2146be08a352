// Package script has the commands that the scripts of test/cli use beyond
// testscript's own.
package script

import (
	"errors"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pouchcontainer/pouch/test/harness"
)

// Commands are the further commands, for testscript.Params.
func Commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "waitfor": waitfor, "swapping": swapping, "typing": typing}
}

// exits CODE COMMAND ARGS...: runs the command and requires its exit code;
// stdin, stdout and stderr as with exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, not %d", code, want)
	}
}

// waitfor COMMAND ARGS...: repeats the command until it exits with 0, or with !
// until it does not, for at most a minute.
func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: [!] waitfor COMMAND ARGS...")
	}
	limit := harness.Patience(time.Minute)
	for end := time.Now().Add(limit); ; {
		err := ts.Exec(args[0], args[1:]...)
		if (err == nil) != neg {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("waited %v in vain: %v", limit, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
