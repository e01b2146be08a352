package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// memory is what stays beside an idle container; means.
type memory struct {
	Name      string  `json:"name"`
	Processes int     `json:"processes"`
	Anonymous float64 `json:"anonymousKiB"` // of its own, and of no file
	PSS       float64 `json:"pssKiB"`       // with its share of what several map
}

const (
	idle = 10              // containers that are run
	rest = 3 * time.Second // for how long before: collectors of garbage have been at work
)

// keeper is a program that stays beside a container.
type keeper struct {
	program string
	setup   func() error
	run     func(n int) *exec.Cmd
	remove  func(n int) *exec.Cmd
	finish  func()
}

// measureMemory compares the supervisor with containerd's and podman's.
func measureMemory(s *harness.Suite, dir string) (of []memory, left []skip) {
	for _, k := range []keeper{supervisor(s), stockShim(s), conmon(s, dir)} {
		m, err := k.measure()
		if err != nil {
			left = append(left, skip{"memory of " + k.program, firstLine(err.Error())})
			continue
		}
		of = append(of, m)
	}
	return of, left
}

func (k keeper) measure() (memory, error) {
	m := memory{Name: k.program}
	if k.finish != nil {
		defer k.finish()
	}
	if err := k.setup(); err != nil {
		return m, err
	}
	before := processes(k.program)
	for n := range idle {
		if err := runOne(k.run(n)); err != nil {
			return m, err
		}
		defer runOne(k.remove(n))
	}
	time.Sleep(rest)
	for pid := range processes(k.program) {
		if before[pid] {
			continue
		}
		fields, err := rollup(pid)
		if err != nil {
			return m, err
		}
		m.Processes++
		m.Anonymous += fields["Anonymous"]
		m.PSS += fields["Pss"]
	}
	if m.Processes == 0 {
		return m, fmt.Errorf("no process %s beside %d containers", k.program, idle)
	}
	m.Anonymous /= float64(m.Processes)
	m.PSS /= float64(m.Processes)
	return m, nil
}

// processes are those whose program has that name, in this network namespace:
// others may measure, too.
func processes(program string) map[int]bool {
	out := map[int]bool{}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	here, nerr := os.Readlink("/proc/self/ns/net")
	if err != nil || nerr != nil {
		return out
	}
	for _, d := range dirs {
		exe, err := os.Readlink(d + "/exe")
		pid, perr := strconv.Atoi(filepath.Base(d))
		ns, nerr := os.Readlink(d + "/ns/net")
		if err == nil && perr == nil && nerr == nil && ns == here && filepath.Base(exe) == program {
			out[pid] = true
		}
	}
	return out
}

// rollup reads the sums of a process' memory, KiB: proc_pid_smaps(5).
func rollup(pid int) (map[string]float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		if n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64); err == nil {
			out[name] = n
		}
	}
	return out, nil
}

func container(n int) string { return fmt.Sprintf("bench-idle-%d", n) }

func supervisor(s *harness.Suite) keeper {
	return keeper{
		program: "pouch-shim",
		setup:   func() error { return nil },
		run: func(n int) *exec.Cmd {
			return s.Cmd("pouch-run", "-d", "--name", container(n), "--network", "none", s.Image, "sleep", "100000")
		},
		remove: func(n int) *exec.Cmd { return s.Cmd("pouch-run", "rm", "-f", container(n)) },
	}
}

// stockShim is containerd's own, under Pouch's engine.
func stockShim(s *harness.Suite) keeper {
	const program = "containerd-shim-runc-v2"
	script := func(text string, args ...string) *exec.Cmd {
		sock := filepath.Join(s.RunRoot, "containerd", "containerd.sock")
		return s.Cmd("sh", append([]string{"-c", `ctr() { command ctr -a ` + sock + ` -n pouch "$@" >/dev/null; }; ` + text, "sh"}, args...)...)
	}
	return keeper{
		program: program,
		setup: func() error {
			_, err := os.Stat(filepath.Join(s.Bin, program))
			return err
		},
		run: func(n int) *exec.Cmd {
			return script(`ctr run -d --runc-binary "$2" docker.io/library/busybox:latest "$1" sleep 100000 </dev/null`, container(n), filepath.Join(s.Bin, "runc"))
		},
		remove: func(n int) *exec.Cmd {
			return script(`ctr task rm -f "$1"; ctr container rm "$1"`, container(n))
		},
	}
}

func conmon(s *harness.Suite, dir string) keeper {
	p := podman(s, dir, "podman", "none")
	return keeper{
		program: "conmon",
		setup:   p.setup,
		run: func(n int) *exec.Cmd {
			return podmanRun(dir, "none", []string{"-d", "--name", container(n)}, "sleep", "100000")
		},
		remove: func(n int) *exec.Cmd { return podmanCmd(dir, "rm", "-f", "-t", "0", container(n)) },
		finish: p.remove,
	}
}
