package supervisor

import (
	"io"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// showCaps prints the permitted, effective and bounding sets in one line.
const showCaps = `while read k v; do case $k in CapPrm:|CapEff:|CapBnd:) printf '%s ' $v;; esac; done < /proc/self/status`

// none is no capability; given are those of newSpec.
const (
	none  = "0000000000000000"
	given = "00000000000000e1"
)

func TestOnlyRootHasCapabilities(t *testing.T) {
	for user, want := range map[string]string{
		"":     given + " " + given + " " + given + " ",
		"1000": none + " " + none + " " + given + " ",
	} {
		t.Run("user "+user, func(t *testing.T) {
			p := newPouch(t, func(c *record.Container) { c.Process.User = user }, "sh", "-c", showCaps+"; sleep 1000")
			_, out, give := pipes(t)
			p.launch(&ctl.Message{Stdio: ctl.Inherit}, give...)
			closeAll(give)
			p.start()
			got := make([]byte, len(want))
			if _, err := io.ReadFull(out, got); err != nil || string(got) != want {
				t.Errorf("process 1: %q %v, want %q", got, err, want)
			}
			for _, e := range []struct{ user, want string }{{"", want}, {"0", strings.Repeat(given+" ", 3)}, {"web", none + " " + none + " " + given + " "}} {
				if got := p.execOutput(e.user, "sh", "-c", showCaps); got != e.want {
					t.Errorf("exec as %q: %q, want %q", e.user, got, e.want)
				}
			}
		})
	}
}

// execOutput runs args in the container as user and returns what they print.
func (p *pouch) execOutput(user string, args ...string) string {
	p.t.Helper()
	c := p.dial()
	defer c.Close()
	_, out, give := pipes(p.t)
	must(p.t, c.Send(&ctl.Message{Op: ctl.Exec, Stdio: ctl.Inherit, Exec: &ctl.ExecProcess{Args: args, User: user}}, give...))
	closeAll(give)
	b, err := io.ReadAll(out)
	must(p.t, err)
	p.recv(c, ctl.Exited)
	return string(b)
}
