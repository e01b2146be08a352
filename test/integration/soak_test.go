//go:build integration

package integration

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// soak is how many containers TestSoak runs; `make soak` gives it 10,000.
var soak = flag.Int("soak", 120, "containers that TestSoak runs")

// portion is what TestSoak measures at a time: of what only grows, the last is
// larger than the second.
type portion struct {
	cpu   time.Duration // processor time of the commands, median of a run
	wall  time.Duration // likewise
	anon  int           // anonymous memory of containerd, KiB
	files int           // that containerd has open
	state int           // files and folders of Pouch's, without images and snapshots
	db    int64         // bytes of containerd's databases
}

func (p portion) String() string {
	return fmt.Sprintf("a run %v of processor, %v in all; containerd %d KiB, %d open files, databases %d KiB; %d files of state",
		p.cpu.Round(10*time.Microsecond), p.wall.Round(10*time.Microsecond), p.anon, p.files, p.db>>10, p.state)
}

// TestSoak runs container after container: nothing is left, and neither memory
// nor time grows.
func TestSoak(t *testing.T) {
	s := start(t)
	const portions = 6
	var seen []portion
	for i := range portions {
		seen = append(seen, runPortion(t, s, i*(*soak/portions), *soak/portions))
		t.Logf("%d runs: %v", (i+1)*(*soak/portions), seen[i])
		if t.Failed() {
			return
		}
	}
	early, late := seen[1], seen[portions-1] // the first one warms up
	// The log of events is rotated once in a while: then it is two files and a lock.
	// What containerd has open for the moment it closes; what grows stays.
	await(t, time.Minute, "no more files than before", func() bool {
		late.look(t, s)
		return late.files <= early.files+4 && late.state <= early.state+2
	})
	// Fewer runs say nothing of what a garbage collector does, or a busy machine.
	if *soak >= 1000 && late.anon > early.anon*3/2+8<<10 {
		t.Errorf("containerd grows: %v, then %v", early, late)
	}
	if late.db > early.db+4<<20 {
		t.Errorf("its databases grow: %v, then %v", early, late)
	}
	if *soak >= 1000 && late.cpu > early.cpu*3/2 {
		t.Errorf("runs take longer: %v, then %v", early, late)
	}
	if t.Failed() {
		t.Logf("%v, then %v", early, late)
	}
}

// runPortion runs n containers, in several ways in turn, and looks.
func runPortion(t *testing.T, s *harness.Suite, from, n int) portion {
	t.Helper()
	ways := [][]string{
		{"--network", "none"}, nil, {"-v", "/data"}, {"-p", "127.0.0.1:0:80"}, {"--network", "none", "--init", "-e", "A=b"},
	}
	var cpu, wall []time.Duration
	for i := range n {
		args := append(append([]string{"--rm"}, ways[i%len(ways)]...), s.Image, "sh", "-c", "echo x >/made; exit "+strconv.Itoa(i%3))
		c := s.Cmd("pouch-run", args...)
		begin := time.Now()
		out, _ := c.CombinedOutput()
		wall = append(wall, time.Since(begin))
		if c.ProcessState == nil || c.ProcessState.ExitCode() != i%3 || len(out) != 0 {
			t.Fatalf("run %d, %q: %v, %s", from+i, args, c.ProcessState, out)
		}
		r := c.ProcessState.SysUsage().(*syscall.Rusage)
		cpu = append(cpu, time.Duration(r.Utime.Nano()+r.Stime.Nano()))
	}
	await(t, 30*time.Second, "the supervisors end", func() bool { return len(s.Processes("pouch-shim")) == 0 })
	slices.Sort(cpu)
	slices.Sort(wall)
	p := portion{cpu: cpu[n/2], wall: wall[n/2]}
	p.look(t, s)
	return p
}

// look takes what is there now: all but the times.
func (p *portion) look(t *testing.T, s *harness.Suite) {
	t.Helper()
	p.state, p.anon, p.files, p.db = countFiles(s.RunRoot), 0, 0, 0
	for _, dir := range []string{"containers", "names", "volumes"} {
		p.state += countFiles(filepath.Join(s.Root, dir))
	}
	for _, pid := range s.Engines() {
		p.anon += anonymous(t, pid)
		p.files += countFiles(fmt.Sprintf("/proc/%d/fd", pid))
	}
	for _, db := range []string{"io.containerd.metadata.v1.bolt/meta.db", "io.containerd.snapshotter.v1.overlayfs/metadata.db"} {
		if st, err := os.Stat(filepath.Join(s.Root, "engine", db)); err == nil {
			p.db += st.Size()
		}
	}
}

func countFiles(dir string) int {
	n := 0
	filepath.WalkDir(dir, func(string, os.DirEntry, error) error {
		n++
		return nil
	})
	return n
}

// anonymous is a process' anonymous memory, KiB: proc_pid_smaps(5).
func anonymous(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "Anonymous:"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			return n
		}
	}
	t.Errorf("process %d: no sum of its memory", pid)
	return 0
}
