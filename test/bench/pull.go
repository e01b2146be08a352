package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// pulled are the figures of one way to pull the image and unpack it.
type pulled struct {
	Name   string  `json:"name"`
	Median float64 `json:"medianMS"`
	Least  float64 `json:"leastMS"`
	Ratio  float64 `json:"ratio"`     // of the medians, to the first row
	CPU    float64 `json:"cpuMS"`     // of the processes, and of the engine; median
	Peak   int64   `json:"peakKiB"`   // of the process that was started; most
	Engine int64   `json:"engineKiB"` // of the engine, most so far; 0: there is none
}

// puller is one way to pull.
type puller struct {
	name   string
	pull   func() *exec.Cmd
	undo   func() error
	engine func() int // pid of the daemon that does a part of the work; nil: none

	times, cpu   []time.Duration
	peak, server int64
}

// measurePulls times them in turns; each begins with nothing of the image.
func measurePulls(s *harness.Suite, rounds int, peers bool) (out []pulled, left []skip, err error) {
	dir, err := pullDir(s)
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	img, end, err := servePullImage(dir)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	fmt.Fprintf(os.Stderr, "bench: %d pulls of %d layers, %d files, %d bytes compressed\n", rounds, len(img.layers), img.files, img.bytes)
	var all []*puller
	for _, p := range pullers(s, img, dir, peers) {
		if err := p.once(false); err != nil { // warms up, and tells who cannot
			left = append(left, skip{p.name, firstLine(err.Error())})
			continue
		}
		all = append(all, p)
	}
	for round := range rounds {
		for i := range all {
			if err := all[(i+round)%len(all)].once(true); err != nil {
				return nil, left, err
			}
		}
	}
	for _, p := range all {
		x := pulled{Name: p.name, Median: quantile(p.times, 0.5), Least: quantile(p.times, 0), CPU: quantile(p.cpu, 0.5), Peak: p.peak, Engine: p.server, Ratio: 1}
		if len(out) > 0 {
			x.Ratio = x.Median / out[0].Median
		}
		out = append(out, x)
	}
	return out, left, nil
}

func (p *puller) once(count bool) error {
	cmd := p.pull()
	if cmd.Err != nil {
		return errors.New("not installed")
	}
	before := p.engineCPU()
	begin := time.Now()
	peak, err := runWatched(cmd)
	took := time.Since(begin)
	cpu := p.engineCPU() - before
	if u := cmd.ProcessState; u != nil && err == nil && count {
		p.times = append(p.times, took)
		p.cpu = append(p.cpu, cpu+u.UserTime()+u.SystemTime())
		p.peak = max(p.peak, peak)
		if p.engine != nil {
			p.server = max(p.server, peakOf(p.engine()))
		}
	}
	return errors.Join(err, p.undo())
}

// engineCPU is the CPU time of the engine and of its children that ended.
func (p *puller) engineCPU() time.Duration {
	if p.engine == nil {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.engine()))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int
	for _, at := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime: proc_pid_stat(5)
		n, err := strconv.Atoi(f[at])
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}

// runWatched runs cmd and returns the most memory that its process had, KiB. What
// wait4(2) tells of that has this program's in it, from before the exec.
func runWatched(cmd *exec.Cmd) (peak int64, err error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.TrimSpace(stderr.String()))
			}
			return peak, err
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, peakOf(cmd.Process.Pid)) // Start returns after the exec
		}
	}
}

// peakOf is the most memory that a process has had, KiB.
func peakOf(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib
}

// pullers are the ways; the first is the yardstick: no registry, and nothing kept
// but the files.
func pullers(s *harness.Suite, img *pullImage, dir string, peers bool) []*puller {
	engine := func() int {
		if pids := s.Engines(); len(pids) > 0 {
			return pids[0]
		}
		return 0
	}
	socket := filepath.Join(s.RunRoot, "containerd", "containerd.sock")
	ctr := func(args ...string) *exec.Cmd {
		return exec.Command(filepath.Join(s.Bin, "ctr"), append([]string{"-a", socket, "-n", "bench"}, args...)...)
	}
	all := []*puller{
		untar("igzip + tar", "igzip", img, dir),
		untar("pigz + tar", "pigz", img, dir),
		{
			name: "pouch-image pull", engine: engine,
			pull: func() *exec.Cmd { return s.Cmd("pouch-image", "pull", "-q", img.ref) },
			undo: func() error { return runOne(s.Cmd("pouch-image", "rm", "-f", img.ref)) },
		},
		{
			name: "ctr images pull", engine: engine,
			pull: func() *exec.Cmd { return ctr("images", "pull", "--plain-http", img.ref) },
			undo: func() error { return runOne(ctr("images", "rm", "--sync", img.ref)) },
		},
	}
	if peers {
		all = append(all, peerPullers(img, dir)...)
	}
	return all
}

// peerPullers are programs with stores of their own.
func peerPullers(img *pullImage, dir string) []*puller {
	store := filepath.Join(dir, "skopeo")
	return []*puller{
		{
			name: "podman pull",
			pull: func() *exec.Cmd { return podmanCmd(dir, "pull", "-q", "--tls-verify=false", img.ref) },
			undo: func() error { return runOne(podmanCmd(dir, "rmi", "-f", img.ref)) },
		},
		{
			name: "skopeo copy (containers-storage)",
			pull: func() *exec.Cmd {
				return exec.Command("skopeo", "copy", "-q", "--src-tls-verify=false", "docker://"+img.ref,
					fmt.Sprintf("containers-storage:[overlay@%s/root+%s/run]%s", store, store, img.ref))
			},
			undo: func() error {
				undo := podmanCmd(dir, "rmi", "-f", img.ref)
				undo.Args = append([]string{"podman", "--root", store + "/root", "--runroot", store + "/run"}, undo.Args[7:]...)
				return runOne(undo)
			},
		},
		{
			name: "docker pull",
			pull: func() *exec.Cmd { return exec.Command("docker", "pull", "-q", img.ref) },
			undo: func() error { return nil },
		},
	}
}

// untar decompresses and unpacks the layers and nothing else, and waits for the disk.
func untar(name, program string, img *pullImage, dir string) *puller {
	to := filepath.Join(dir, "untar")
	script := `mkdir "$0" && for l; do ` + program + ` -dc "$l" | tar -C "$0" -xf - || exit; done && sync -f "$0"`
	return &puller{
		name: name,
		pull: func() *exec.Cmd {
			if _, err := exec.LookPath(program); err != nil {
				return &exec.Cmd{Err: err}
			}
			return exec.CommandContext(context.Background(), "sh", append([]string{"-c", script, to}, img.layers...)...)
		},
		undo: func() error { return os.RemoveAll(to) },
	}
}
