//go:build integration

package integration

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// rounds is how often a race is run: some hundreds show what is rare.
func rounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("POUCH_RACE_ROUNDS")); err == nil {
		return n
	}
	return few
}

// together runs commands at the same time. Each must end, with 0 or with
// one line that says why not and with a code that fits.
func together(t *testing.T, s *harness.Suite, commands ...string) []harness.Result {
	t.Helper()
	out := make([]harness.Result, len(commands))
	var wg sync.WaitGroup
	for i, c := range commands {
		wg.Go(func() {
			f := strings.Fields(c)
			begin := time.Now()
			out[i] = s.Pouch(f[0], f[1:]...)
			if d := time.Since(begin); d > 3*time.Second {
				t.Logf("%s took %v: %v", c, d, out[i])
			}
		})
	}
	wg.Wait()
	for _, r := range out {
		if r.Code > 128 && strings.HasPrefix(strings.Join(r.Args, " "), "pouch-run exec") {
			continue // the process began, and was killed with its container
		}
		if r.Code != 0 && !engineGone(r.Stderr) && (r.Code < 0 || strings.Count(r.Stderr, "\n") != 1 || !strings.HasPrefix(r.Stderr, "pouch-") || strange(r.Stderr)) {
			t.Errorf("%v", r)
		}
	}
	return out
}

// engineGone reports whether an error says that the engine was stopped.
func engineGone(line string) bool {
	return strings.Contains(line, "containerd.sock") || strings.Contains(line, "no connection to containerd")
}

// strange reports whether an error speaks of our insides, not of the race.
func strange(line string) bool {
	for _, w := range []string{"panic", "goroutine", "broken pipe", "EOF", "connection re", "no such file", "no such process", "file already closed"} {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}

// Whatever is done at once to one container, each command succeeds or says why
// not, and the container is afterwards what ps says.
func TestRaceOnOneContainer(t *testing.T) {
	s := start(t)
	on := func(verb string) string { return "pouch-run " + verb + " racer" }
	for i := range rounds(12) {
		network := []string{"none", "bridge"}[i%2]
		s.Must(t, "pouch-run", "create", "--name", "racer", "--network", network, s.Image, "sleep", "1000")
		if i%3 > 0 {
			s.Must(t, "pouch-run", "start", "racer")
		}
		commands := []string{on("start"), on("stop -t 0"), on("kill"), on("start"), "pouch-run exec racer true", on("inspect"), "pouch-run ps -a"}
		if i%4 == 0 {
			commands = append(commands, on("rm"), on("rm -f"), "pouch-run gc")
		}
		together(t, s, commands...)
		if r := s.Pouch("pouch-run", "start", "racer"); r.Code == 0 {
			s.Must(t, "pouch-run", "exec", "racer", "true")
		} else if i%4 != 0 {
			t.Errorf("started after the race: %v", r)
		}
		if r := s.Pouch("pouch-run", "rm", "-f", "racer"); r.Code != 0 {
			t.Errorf("%v", r)
		}
		if t.Failed() {
			t.Fatalf("in round %d", i)
		}
	}
}

// A subnet, a network's name and a volume's name have one owner.
func TestRaceForOneOwner(t *testing.T) {
	s := start(t)
	for _, c := range []string{"pouch-net create --subnet 10.99.7.0/24 net%", "pouch-net create same"} {
		var commands []string
		for i := range 25 {
			commands = append(commands, strings.ReplaceAll(c, "%", strconv.Itoa(i)))
		}
		won := 0
		for _, r := range together(t, s, commands...) {
			if r.Code == 0 {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%s: %d have won", c, won)
		}
	}
}

// A volume that a container runs with is never gone.
func TestRaceOfVolumes(t *testing.T) {
	s := start(t)
	for range rounds(6) {
		var commands []string
		for range 3 {
			commands = append(commands, "pouch-vol create racer", "pouch-vol rm racer",
				"pouch-run --rm --network none -v racer:/v "+s.Image+" touch /v/here")
		}
		for _, r := range together(t, s, commands...) {
			if strings.HasPrefix(r.Args[0], "pouch-run") && r.Code != 0 && r.Code != 125 {
				t.Errorf("%v", r)
			}
		}
	}
}

// A name is free as soon as its --rm container's command has ended.
func TestNameIsFreeAtOnce(t *testing.T) {
	s := start(t)
	for range rounds(10) {
		s.Must(t, "pouch-run", "--rm", "--name", "again", "-p", "127.0.0.1:18083:80", s.Image, "true")
	}
}

// The engine may be stopped at any time: a run fails for that reason or
// succeeds, and the next one starts it again.
func TestRaceWithEngineStop(t *testing.T) {
	s := start(t)
	for range rounds(4) {
		run := "pouch-run --rm --network none " + s.Image + " true"
		for _, r := range together(t, s, run, "pouch-run engine stop", run, "pouch-run engine stop", run) {
			if r.Code != 0 && r.Code != 125 {
				t.Errorf("%v", r)
			}
		}
		s.Must(t, "pouch-run", "--rm", "--network", "none", s.Image, "true")
		if r := s.Pouch("pouch-run", "gc"); r.Code != 0 {
			t.Errorf("%v", r)
		}
	}
}
