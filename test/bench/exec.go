package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/test/harness"
)

// execs are the contenders of `true` as a further process of a container that
// runs; the first is the yardstick.
func execs(s *harness.Suite, dir, rootfs string) []*contender {
	return []*contender{runcExec(s, dir, rootfs), pouchExec(s), runcInPouch(s)}
}

// runcExec executes in a container that bare runc runs on a plain folder.
func runcExec(s *harness.Suite, dir, rootfs string) *contender {
	dir = filepath.Join(dir, "exec")
	runc, id := filepath.Join(s.Bin, "runc"), fmt.Sprintf("pouch-bench-%d-exec", os.Getpid())
	cmd := func(args ...string) *exec.Cmd {
		return exec.Command(runc, append([]string{"--root", filepath.Join(dir, "state")}, args...)...)
	}
	return &contender{
		name: "runc exec",
		setup: func() error {
			if err := os.MkdirAll(filepath.Join(dir, "state"), 0o755); err != nil {
				return err
			}
			if err := writeSpec(runc, "1.2.0", rootfs, dir, "sleep", "100000"); err != nil {
				return err
			}
			return runOne(cmd("run", "-d", "--bundle", dir, id))
		},
		command: func(int) *exec.Cmd { return cmd("exec", id, "true") },
		remove:  func() { runOne(cmd("delete", "-f", id)) },
	}
}

// runcInPouch executes by runc in the container of pouchExec: the same
// capabilities, the same seccomp filter.
func runcInPouch(s *harness.Suite) *contender {
	var id string
	return &contender{
		name: "runc exec (in the same container)",
		setup: func() error {
			id = strings.TrimSpace(s.Pouch("pouch-run", "ps", "-q", "--no-trunc", "--filter", "name="+execName).Stdout)
			return nil
		},
		command: func(int) *exec.Cmd {
			return exec.Command(filepath.Join(s.Bin, "runc"), "--root", filepath.Join(s.RunRoot, "runtime"), "exec", id, "true")
		},
	}
}

const execName = "bench-exec"

func pouchExec(s *harness.Suite) *contender {
	const name = execName
	return &contender{
		name: "pouch-run exec",
		setup: func() error {
			return runOne(s.Cmd("pouch-run", "-d", "--name", name, "--network", "none", s.Image, "sleep", "100000"))
		},
		command: func(int) *exec.Cmd { return s.Cmd("pouch-run", "exec", name, "true") },
		remove:  func() { runOne(s.Cmd("pouch-run", "rm", "-f", name)) },
	}
}

// listed is `ps` beside many containers.
type listed struct {
	Command    string  `json:"command"`
	Containers int     `json:"containers"`
	Running    int     `json:"running"`
	Median     float64 `json:"medianMS"`
	P10        float64 `json:"p10MS"`
}

// measureList makes containers, some of them running, stops the engine, and times
// ps over those that run and over all.
func measureList(s *harness.Suite, containers, running, rounds int) (of []listed, err error) {
	defer func() {
		ids := strings.Fields(s.Pouch("pouch-run", "ps", "-aq", "--no-trunc").Stdout)
		for len(ids) > 0 {
			n := min(len(ids), 50)
			if rerr := runOne(s.Cmd("pouch-run", append([]string{"rm", "-f"}, ids[:n]...)...)); err == nil {
				err = rerr
			}
			ids = ids[n:]
		}
	}()
	for i := range containers {
		args := []string{"create"}
		if i < running {
			args = []string{"run", "-d"}
		}
		args = append(args, "--name", fmt.Sprintf("bench-%d", i), "--network", "none", s.Image, "sleep", "100000")
		if err := runOne(s.Cmd("pouch-run", args...)); err != nil {
			return nil, err
		}
	}
	if err := runOne(s.Cmd("pouch-run", "engine", "stop")); err != nil {
		return nil, err
	}
	for _, flag := range []string{"-q", "-aq"} {
		c := &contender{command: func(int) *exec.Cmd { return s.Cmd("pouch-run", "ps", flag) }}
		if err := latency([]*contender{c}, rounds); err != nil {
			return nil, err
		}
		l := listed{Command: "pouch-run ps " + flag, Containers: containers, Running: running, Median: quantile(c.times, 0.5), P10: quantile(c.times, 0.1)}
		of = append(of, l)
	}
	return of, runOne(s.Cmd("pouch-run", "engine", "start"))
}
