package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// Census is what there is of Pouch: one word for the kind and a name, each.
type Census map[string]bool

// settled takes a census; with a baseline it waits until nothing is beyond it,
// or settleTimeout is over.
func (s *Suite) settled(baseline Census) (Census, error) {
	for end := time.Now().Add(Patience(settleTimeout)); ; {
		now, err := s.census()
		if err != nil {
			return nil, err
		}
		if baseline == nil && s.quiet() || baseline != nil && now.beyond(baseline) == nil || time.Now().After(end) {
			return now, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// quiet reports whether no container is left: what the baseline must not hold.
func (s *Suite) quiet() bool {
	names, err := os.ReadDir(filepath.Join(s.Root, "containers"))
	return err == nil && len(names) == 0 && len(s.processes()) <= 1 && s.Pouch("pouch-run", "gc", "--check").Code == 0
}

// beyond fails with what c has and base has not.
func (c Census) beyond(base Census) error {
	var more []string
	for k := range c {
		if !base[k] {
			more = append(more, k)
		}
	}
	if len(more) == 0 {
		return nil
	}
	sort.Strings(more)
	return fmt.Errorf("left behind:\n  %s", strings.Join(more, "\n  "))
}

func (s *Suite) census() (Census, error) {
	c := Census{}
	c.add("process", counted(s.processes()))
	c.add("mount", mountsBelow(s.dir))
	c.add("cgroup", s.cgroups())
	for kind, list := range map[string]func() ([]string, error){
		"link": links, "nft": rules, "file": s.files, "containerd": s.engineObjects,
	} {
		names, err := list()
		if err != nil {
			return nil, fmt.Errorf("census of %s: %w", kind, err)
		}
		c.add(kind, names)
	}
	return c, nil
}

func (c Census) add(kind string, names []string) {
	for _, n := range names {
		c[kind+" "+n] = true
	}
}

// counted replaces the pid before each command line by a number: a restarted
// engine is the same, a second one is not.
func counted(processes []string) []string {
	n := map[string]int{}
	for i, p := range processes {
		_, line, _ := strings.Cut(p, " ")
		n[line]++
		processes[i] = fmt.Sprintf("%s (%d)", line, n[line])
	}
	return processes
}

// links of the suite's own network namespace.
func links() ([]string, error) {
	all, err := net.Interfaces()
	var out []string
	for _, l := range all {
		out = append(out, l.Name)
	}
	return out, err
}

// rules are the lines of nft's whole rule set, each with its count.
func rules() ([]string, error) {
	r := Do(command("nft", "list", "ruleset"))
	if r.Code != 0 {
		return nil, fmt.Errorf("%v", r)
	}
	var out []string
	seen := map[string]int{}
	for l := range strings.Lines(r.Stdout) {
		l = strings.TrimSpace(l)
		seen[l]++
		out = append(out, fmt.Sprintf("%s (%d)", l, seen[l]))
	}
	return out, nil
}

// cgroups of every container that the suite ever had.
func (s *Suite) cgroups() []string {
	var out []string
	for _, id := range s.ids.list() {
		for _, pattern := range []string{"/sys/fs/cgroup/pouch*/", "/sys/fs/cgroup/*/pouch*/"} {
			found, _ := filepath.Glob(pattern + id)
			out = append(out, found...)
		}
	}
	return out
}

// files below the state folders, the engine's own left out.
func (s *Suite) files() ([]string, error) {
	skip := map[string]bool{filepath.Join(s.Root, "engine"): true, filepath.Join(s.RunRoot, "containerd"): true}
	skip[filepath.Join(s.RunRoot, "seccomp")] = true // compiled filters, kept for the boot
	var out []string
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if skip[path] {
			return fs.SkipDir
		}
		if strings.HasPrefix(path, s.RunRoot+"/events.jsonl") { // bounded, and kept for the boot
			return nil
		}
		// Of the locks those of containers count: the others are as many as
		// there are kinds of objects.
		if filepath.Dir(path) != filepath.Join(s.RunRoot, "locks") || len(d.Name()) > 64 {
			out = append(out, path)
		}
		return nil
	})
	return out, err
}

// engineObjects are containerd's, as ctr lists them.
func (s *Suite) engineObjects() ([]string, error) {
	var out []string
	for _, kind := range []string{"containers", "tasks", "leases", "images", "snapshots"} {
		args := []string{"--address", filepath.Join(s.RunRoot, "containerd", "containerd.sock"), "-n", "pouch", kind, "ls"}
		if kind != "snapshots" {
			args = append(args, "-q")
		}
		r := s.Pouch("ctr", args...)
		if r.Code != 0 {
			return nil, fmt.Errorf("%v", r)
		}
		for l := range strings.Lines(r.Stdout) {
			if f := strings.Fields(l); len(f) > 0 {
				out = append(out, kind+" "+f[0])
			}
		}
	}
	return out, nil
}
