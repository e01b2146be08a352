package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pouchcontainer/pouch/test/script"
)

// scriptTime bounds a script.
const scriptTime = 2 * time.Minute

// script runs one script to its end, whatever differs, and returns the lines that
// did not pass, with the reason; without words those about error messages are left out.
func (p *peer) script(file string, words bool) []string {
	t := &listener{}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(stopped{}) {
				panic(r)
			}
		}()
		testscript.RunT(t, testscript.Params{
			Files:           []string{file},
			ContinueOnError: true,
			Deadline:        time.Now().Add(scriptTime),
			Cmds:            script.Commands(),
			Setup: func(env *testscript.Env) error {
				env.Setenv("PATH", p.bin+":"+env.Getenv("PATH"))
				env.Setenv("IMG", p.image)
				env.Setenv("HOME", env.WorkDir)
				return nil
			},
		})
	}()
	return t.differences(file, words)
}

// listener is a test that only listens.
type listener struct{ text strings.Builder }

type stopped struct{}

func (l *listener) Skip(...any)                          { panic(stopped{}) }
func (l *listener) Fatal(args ...any)                    { l.Log(args...); panic(stopped{}) }
func (l *listener) FailNow()                             { panic(stopped{}) }
func (l *listener) Parallel()                            {}
func (l *listener) Log(args ...any)                      { fmt.Fprintln(&l.text, args...) }
func (l *listener) Verbose() bool                        { return false }
func (l *listener) Run(_ string, f func(t testscript.T)) { f(l) }

// differences finds the failures in what testscript has written: file, line and
// reason; the script's own line says what was asked.
func (l *listener) differences(file string, words bool) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return []string{err.Error()}
	}
	lines := strings.Split(string(data), "\n")
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^\s*FAIL: [^:]*:(\d+): (.*)$`).FindAllStringSubmatch(l.text.String(), -1) {
		n := 0
		fmt.Sscan(m[1], &n)
		asked := ""
		if n > 0 && n <= len(lines) {
			asked = strings.TrimSpace(lines[n-1])
		}
		if strings.HasPrefix(strings.TrimPrefix(asked, "! "), "stderr") && !words {
			continue
		}
		out = append(out, fmt.Sprintf("%d: %s: %s", n, asked, m[2]))
	}
	return out
}
