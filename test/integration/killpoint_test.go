//go:build integration && amd64

package integration

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/killpoint"
)

// verb is a command that is killed at its points.
type verb struct {
	name   string
	before [][]string // what must be there first
	bin    string     // empty: pouch-run
	args   []string   // ID stands for that of the victim
	tty    bool
	again  bool                             // the same command works after the kill, without any cleaning
	code   int                              // its exit code
	check  func(*testing.T, *harness.Suite) // what must hold after the cleaning
}

const victim = "victim"

func verbs(s *harness.Suite) []verb {
	made := []string{"create", "--name", victim, "-p", "127.0.0.1:18082:80", s.Image, "sleep", "1000"}
	up := []string{"run", "-d", "--name", victim, "-p", "127.0.0.1:18082:80", s.Image, "sleep", "1000"}
	return []verb{
		{name: "run none", args: []string{"run", "--rm", "--name", victim, "--network", "none", s.Image, "true"}, again: true},
		{name: "run bridge", args: []string{"run", "--rm", "--name", victim, s.Image, "true"}, again: true},
		{name: "run published", args: []string{"run", "--rm", "--name", victim, "-p", "127.0.0.1:18082:80", s.Image, "true"}, again: true},
		{name: "run volume", args: []string{"run", "--rm", "--name", victim, "--network", "none", "-v", "kv:/etc", s.Image, "true"}, again: true},
		{name: "run anonymous", args: []string{"run", "--rm", "--name", victim, "--network", "none", "-v", "/etc", s.Image, "true"}, again: true},
		{name: "run kept", args: []string{"run", "--name", victim, s.Image, "true"}},
		{name: "run detached", args: []string{"run", "-d", "--rm", "--name", victim, s.Image, "true"}, again: true},
		{name: "run terminal", args: []string{"run", "--rm", "-it", "--name", victim, "--network", "none", s.Image, "true"}, tty: true, again: true},
		{name: "run first", before: [][]string{{"engine", "stop"}}, args: []string{"run", "--rm", "--name", victim, "--network", "none", s.Image, "true"}, again: true},
		{name: "create", args: made},
		{name: "start", before: [][]string{made}, args: []string{"start", victim}, again: true},
		{name: "stop", before: [][]string{up}, args: []string{"stop", "-t", "0", victim}, again: true},
		{name: "kill", before: [][]string{up}, args: []string{"kill", victim}},
		{name: "exec", before: [][]string{up}, args: []string{"exec", victim, "true"}, again: true},
		{name: "update", before: [][]string{up}, args: []string{"update", "-m", "64m", "--pids-limit", "20", "-l", "a=b", victim}, again: true},
		{name: "rm", before: [][]string{made}, args: []string{"rm", victim}},
		{name: "rm -f", before: [][]string{up}, args: []string{"rm", "-f", victim}},
		{name: "gc", before: [][]string{up, {"lost"}}, args: []string{"gc"}, again: true},
	}
}

// every is the distance of the points that are tried: all of them take an hour.
func every() int {
	n, err := strconv.Atoi(os.Getenv("POUCH_KILL_EVERY"))
	if err != nil {
		n = 29
	}
	return max(n, 1)
}

// Pouch-run is killed before every n-th of its system calls that change the
// world: what is left is found and cleared at once, by gc or by the same
// command given again, and nothing of it stays.
func TestKillPoints(t *testing.T) {
	s := start(t)
	step := every()
	for i, v := range slices.Concat(verbs(s), archiveVerbs(s, t.TempDir()), secretVerbs(s), volumeVerbs(t, s, t.TempDir()), cniVerbs(t, s)) {
		t.Run(v.name, func(t *testing.T) {
			kills, bad := 0, 0
			for at := 1 + i%step; ; at += step {
				var r killpoint.Result
				if !t.Run(strconv.Itoa(at), func(t *testing.T) { r = atPoint(t, s, v, at) }) {
					t.Errorf("killed at point %d: %s", at, r.Call)
					bad++
				}
				if !r.Killed || bad > 5 {
					break
				}
				kills++
			}
			t.Logf("%d kills", kills)
		})
	}
}

func atPoint(t *testing.T, s *harness.Suite, v verb, at int) killpoint.Result {
	defer s.Clean(t)
	for _, b := range v.before {
		switch b[0] {
		case "lost":
			loseSupervisors(t, s)
		case "cut":
			cutUpgrade(t, s)
		case "dead lxcfs":
			killLxcfs(t, s)
		case "cni":
			sh(t, "sh", "-c", "mkdir $NETCONFPATH && cp $CNI_CONFS/*.conflist $NETCONFPATH")
		case "pouch-vol":
			s.Must(t, b[0], b[1:]...)
		default:
			s.Must(t, "pouch-run", b...)
		}
	}
	t.Cleanup(func() { oneEngine(t, s) })
	r := runTo(t, s, v, at)
	if r.Killed && v.again && at%2 == 0 {
		if a := runTo(t, s, v, 0); a.Code != v.code {
			t.Errorf("the same again: exit %d", a.Code)
		}
	}
	cleared(t, s)
	if v.check != nil {
		v.check(t, s)
	}
	if !t.Failed() {
		truthful(t, s)
	}
	return r
}

// cleared fails t unless one gc clears what was left. A snapshot alone may come after
// it: the request for it was on its way when the command was killed, and the engine
// carries it out when it comes to that.
func cleared(t *testing.T, s *harness.Suite) {
	t.Helper()
	for late := false; ; late = true {
		if r := s.Pouch("pouch-run", "gc"); r.Code != 0 {
			t.Errorf("gc: %v", r)
		}
		r := s.Pouch("pouch-run", "gc", "--check")
		if r.Code == 0 {
			return
		}
		if late || !regexp.MustCompile(`\Asnapshot [0-9a-f]{64}: no such container\n\z`).MatchString(r.Stdout) {
			t.Errorf("after one gc: %v", r)
			return
		}
	}
}

// truthful fails t unless a container that is left is what ps says it is. One
// that was killed or is being removed is so soon.
func truthful(t *testing.T, s *harness.Suite) {
	t.Helper()
	var st string
	await(t, time.Minute, "the truth about the container", func() bool {
		st = s.Must(t, "pouch-run", "ps", "-a", "--filter", "name="+victim, "--format", "{{.State}}")
		switch st {
		case "", "created", "exited":
			return true
		case "running":
			return s.Pouch("pouch-run", "exec", victim, "true").Code == 0
		}
		return false
	})
	if st == "running" {
		s.Must(t, "pouch-run", "stop", "-t", "0", victim)
	}
}

// oneEngine fails t when a second containerd runs in one root.
func oneEngine(t *testing.T, s *harness.Suite) {
	t.Helper()
	if n := len(s.Engines()); n > 1 {
		t.Errorf("%d containerds run", n)
	}
}

func loseSupervisors(t *testing.T, s *harness.Suite) {
	t.Helper()
	for _, pid := range s.Processes("pouch-shim") {
		kill(t, pid)
	}
}

// runTo runs the command up to its point; what it prints shows where it went
// wrong.
func runTo(t *testing.T, s *harness.Suite, v verb, at int) killpoint.Result {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c := s.Cmd(cmp.Or(v.bin, "pouch-run"), withID(t, s, v.args)...)
	attr := &os.ProcAttr{Env: c.Env, Files: []*os.File{nil, out, out}, Sys: &syscall.SysProcAttr{}}
	if v.tty {
		master, slave := pty(t)
		defer master.Close()
		defer slave.Close()
		attr.Files = []*os.File{slave, slave, slave}
		attr.Sys.Setsid, attr.Sys.Setctty = true, true
	}
	r, err := killpoint.Run(append([]string{c.Path}, c.Args[1:]...), attr, at)
	if err != nil {
		t.Error(err)
	}
	if !r.Killed && r.Code != v.code {
		b, _ := os.ReadFile(out.Name())
		t.Errorf("%s: exit %d: %s", strings.Join(v.args, " "), r.Code, b)
	}
	return r
}

func withID(t *testing.T, s *harness.Suite, args []string) []string {
	t.Helper()
	out := slices.Clone(args)
	if i := slices.Index(out, "ID"); i >= 0 {
		out[i] = s.Must(t, "pouch-run", "inspect", "-f", "{{.ID}}", victim)
	}
	return out
}
