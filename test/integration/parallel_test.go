//go:build integration

package integration

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// inParallel calls do for 0 … n-1, width at a time, and returns the results.
func inParallel(n, width int, do func(i int) harness.Result) []harness.Result {
	out := make([]harness.Result, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range width {
		workers.Go(func() {
			for i := range next {
				out[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	return out
}

// Of 200 runs, 16 at a time and half of them on the bridge, each has its own
// exit code and output.
func TestManyRuns(t *testing.T) {
	s := start(t)
	results := inParallel(200, 16, func(i int) harness.Result {
		args := []string{"--rm"}
		if i%2 == 0 {
			args = append(args, "--network", "none")
		}
		return s.Pouch("pouch-run", append(args, s.Image, "sh", "-c", fmt.Sprintf("echo %d; exit %d", i, i%100))...)
	})
	for i, r := range results {
		if r.Code != i%100 || r.Stdout != fmt.Sprintf("%d\n", i) || r.Stderr != "" {
			t.Errorf("run %d: %v", i, r)
		}
	}
}

// Of 100 runs with one name, those that got it ran, the others say so with 125.
func TestOneName(t *testing.T) {
	s := start(t)
	results := inParallel(100, 16, func(int) harness.Result {
		return s.Pouch("pouch-run", "--rm", "--name", "one", "--network", "none", s.Image, "true")
	})
	ran := 0
	for i, r := range results {
		switch r.Code {
		case 0:
			ran++
		case 125:
			r.OneLine(t, 125, "one")
		default:
			t.Errorf("run %d: %v", i, r)
		}
	}
	if ran == 0 {
		t.Error("none of them ran")
	}
	// The name is free again.
	if r := s.Settle("pouch-run", "--rm", "--name", "one", "--network", "none", s.Image, "true"); r.Code != 0 {
		t.Error(r)
	}
}

// Of detached containers with one name exactly one lives.
func TestOneNameDetached(t *testing.T) {
	s := start(t)
	results := inParallel(20, 10, func(int) harness.Result {
		return s.Pouch("pouch-run", "-d", "--name", "only", "--network", "none", s.Image, "sleep", "1000")
	})
	ran := 0
	for _, r := range results {
		if r.Code == 0 {
			ran++
		}
	}
	if ran != 1 {
		t.Errorf("%d containers have the name", ran)
	}
	if names := strings.Fields(s.Must(t, "pouch-run", "ps", "--format", "{{.Names}}")); len(names) != 1 || names[0] != "only" {
		t.Errorf("ps shows %q", names)
	}
}

// Raced by 20 commands, one engine starts.
func TestEngineStartsOnce(t *testing.T) {
	s := start(t)
	s.Must(t, "pouch-run", "engine", "stop")
	if left := s.Engines(); len(left) != 0 {
		t.Fatalf("containerd after engine stop: %v", left)
	}
	results := inParallel(20, 20, func(int) harness.Result {
		return s.Pouch("pouch-run", "--rm", "--network", "none", s.Image, "true")
	})
	for _, r := range results {
		if r.Code != 0 {
			t.Error(r)
		}
	}
	if n := s.Engines(); len(n) != 1 {
		t.Errorf("%d engines run: %v", len(n), n)
	}
}

// Every container of a full house has an address of its own.
func TestAddressesDiffer(t *testing.T) {
	s := start(t)
	const n = 20
	results := inParallel(n, 8, func(i int) harness.Result {
		return s.Pouch("pouch-run", "-d", "--name", fmt.Sprintf("a%d", i), s.Image, "sleep", "1000")
	})
	seen := map[string]string{}
	for i, r := range results {
		if r.Code != 0 {
			t.Error(r)
			continue
		}
		name := fmt.Sprintf("a%d", i)
		ip := s.Must(t, "pouch-run", "inspect", "-f", "{{.NetworkSettings.IPAddress}}", name)
		if ip == "" || seen[ip] != "" {
			t.Errorf("%s has the address %q, which %q has too", name, ip, seen[ip])
		}
		seen[ip] = name
	}
}
