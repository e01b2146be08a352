package supervisor

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/wire"
)

// FuzzSayable: nothing that a container writes makes the service manager hear of a
// process, a descriptor or a name of the host.
func FuzzSayable(f *testing.F) {
	for _, s := range []string{"READY=1\nSTATUS=x", "STATUS=x\nMAINPID=1", "READY\nFDSTORE=1", "\n\nREADY=1\r\nBARRIER=1", "STATUS=a\x00\nMAINPID=1", " READY=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		said := sayable(text)
		for line := range strings.SplitSeq(said, "\n") {
			name, _, _ := strings.Cut(line, "=")
			if said != "" && !strings.Contains(" READY STATUS WATCHDOG RELOADING MONOTONIC_USEC STOPPING EXTEND_TIMEOUT_USEC ERRNO ", " "+name+" ") {
				t.Fatalf("%q lets %q through", text, line)
			}
		}
		if len(said) > len(text) || sayable(said) != said {
			t.Fatalf("%q becomes %q", text, said)
		}
	})
}

// FuzzOptions: options of a runtime are read or refused, whatever a client sends.
func FuzzOptions(f *testing.F) {
	f.Add(true, []byte("\x12\x03abc"))
	f.Add(false, []byte("\x1a\x15BinaryName = \"runc\"\n"))
	f.Add(false, []byte("\x1a\x01["))
	f.Fuzz(func(t *testing.T, runc bool, value []byte) {
		o := wire.Any{TypeURL: "runtimeoptions.v1.Options", Value: value}
		if runc {
			o.TypeURL = "containerd.runc.v1.Options"
		}
		got, err := readOptions(o)
		if again, aerr := readOptions(o); (err == nil) != (aerr == nil) || err == nil && got != again {
			t.Fatalf("%q is %+v, %v, and then %+v, %v", value, got, err, again, aerr)
		}
	})
}

// FuzzShellQuote: what a shell is given as one word is one, whatever is in it.
func FuzzShellQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "it's", "'", `\'`, "$(x)\n`y`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := shellQuote(s)
		parts := strings.Split(q, `'\''`)
		inner := strings.Join(parts, "'")
		if len(inner) < 2 || inner[1:len(inner)-1] != s || strings.Count(q, "'") != 2+3*strings.Count(s, "'") {
			t.Fatalf("%q becomes %q", s, q)
		}
	})
}
