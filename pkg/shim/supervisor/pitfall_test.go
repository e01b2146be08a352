package supervisor

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// A reaper that waits for any child takes libcontainer's away: "waitid: no child
// processes", or the exit code 255.
func TestPitfallNoReaperStealsExitCodes(t *testing.T) {
	s := newShim(t, "reap", "sleep", "1000")
	s.run("reap")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			id := fmt.Sprintf("reap%d", i)
			s.writeBundle(id, newSpec(id, filepath.Join(s.bin, "root"), "sh", "-c", fmt.Sprintf("exit %d", 40+i)))
			s.run(id)
			if code := s.wait(id, ""); code != 40+i {
				t.Errorf("%s: exit code %d", id, code)
			}
			if _, err := s.task.Delete(bg, &taskapi.DeleteRequest{ID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// libcontainer's goroutines enter the container's mount namespace and end with
// their thread; the leader thread can't end, so it must never run one.
func TestPitfallLeaderThreadStaysInItsMountNamespace(t *testing.T) {
	s := newShim(t, "leader", "sleep", "1000")
	s.run("leader")
	for i := range 12 {
		id := fmt.Sprintf("leader%d", i)
		s.writeBundle(id, newSpec(id, filepath.Join(s.bin, "root"), "true"))
		s.run(id)
		s.wait(id, "")
		must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: id})))
	}
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", s.pid))
	must(t, err)
	mine, err := os.Readlink("/proc/self/ns/mnt")
	must(t, err)
	if theirs != mine {
		t.Errorf("mount namespace %s, not %s", theirs, mine)
	}
	eventually(t, "no thread stays in another one", func() bool { // one ends a moment after its goroutine
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/ns/mnt", s.pid))
		must(t, err)
		return !slices.ContainsFunc(threads, func(th string) bool { ns, err := os.Readlink(th); return err == nil && ns != mine })
	})
}

// libcontainer's conversion of the spec takes the working folder for the bundle.
func TestPitfallRelativePathsAreOfTheBundle(t *testing.T) {
	s := newShim(t, "rel", "true")
	var wg sync.WaitGroup
	for i := range 4 { // at once, each with its own
		wg.Go(func() {
			id := fmt.Sprintf("rel%d", i)
			spec := newSpec(id, "rootfs", "sh", "-c", "read l </etc/passwd; test $l = "+id)
			spec.Mounts = append(spec.Mounts, specs.Mount{Destination: "/etc/passwd", Type: "bind", Source: "mine", Options: []string{"bind"}})
			s.writeBundle(id, spec)
			if err := os.WriteFile(filepath.Join(s.bundle(id), "mine"), []byte(id+"\n"), 0o644); err != nil {
				t.Error(err)
			}
			root := &types.Mount{Type: "bind", Source: filepath.Join(s.bin, "root"), Options: []string{"rbind", "ro"}}
			if _, err := s.task.Create(bg, &taskapi.CreateTaskRequest{ID: id, Bundle: s.bundle(id), Rootfs: []*types.Mount{root}}); err != nil {
				t.Error(err)
				return
			}
			if _, err := s.task.Start(bg, &taskapi.StartRequest{ID: id}); err != nil {
				t.Error(err)
			}
			if code := s.wait(id, ""); code != 0 {
				t.Errorf("%s: exit code %d", id, code)
			}
			if _, err := s.task.Delete(bg, &taskapi.DeleteRequest{ID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if m, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(m), s.dir) {
		t.Error("a mount is left")
	}
}

// A descriptor that the supervisor keeps on a client's fifo hides its end; none
// at all kills the process by SIGPIPE when the client goes.
func TestPitfallFifosEndWithTheProcess(t *testing.T) {
	s := newShim(t, "fifo", "sh", "-c", "cat; echo end")
	in, out := fifo(t, s.dir, "in"), fifo(t, s.dir, "out")
	got := drain(t, out)
	must(t, second(s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "fifo", Bundle: s.bundle("fifo"), Stdin: in, Stdout: out})))
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "fifo"})))
	w, err := os.OpenFile(in, os.O_WRONLY, 0)
	must(t, err)
	io.WriteString(w, "text\n")
	w.Close() // and no CloseIO
	if text := <-got; text != "text\nend\n" {
		t.Errorf("%q", text)
	}
	if code := s.wait("fifo", ""); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestPitfallClientMayGoAndComeBack(t *testing.T) {
	s := newShim(t, "back", "sh", "-c", "echo one; read x; echo two; echo three; read y")
	in, out := fifo(t, s.dir, "in"), fifo(t, s.dir, "out")
	must(t, second(s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "back", Bundle: s.bundle("back"), Stdin: in, Stdout: out})))
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "back"})))
	r, err := os.Open(out)
	must(t, err)
	io.ReadFull(r, make([]byte, len("one\n")))
	r.Close()
	w, err := os.OpenFile(in, os.O_WRONLY, 0)
	must(t, err)
	defer w.Close()
	io.WriteString(w, "go on\n") // it writes with nobody reading
	r, err = os.Open(out)        // what ends with nobody reading has its output lost
	must(t, err)
	defer r.Close()
	io.WriteString(w, "end\n")
	if text, err := io.ReadAll(r); err != nil || string(text) != "two\nthree\n" {
		t.Errorf("%q, %v", text, err)
	}
	if code := s.wait("back", ""); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Of a terminal, and of a container of CRI, whose client is containerd itself.
func TestPitfallInputOutlivesItsClient(t *testing.T) {
	for _, kind := range []string{"terminal", "pod"} {
		t.Run(kind, func(t *testing.T) {
			s := newShim(t, "in"+kind, "true")
			spec := newSpec("in"+kind, filepath.Join(s.bin, "root"), "sh", "-c", "while read x; do echo got $x; done; echo end")
			spec.Process.Terminal = kind == "terminal"
			if kind == "pod" {
				spec.Annotations = map[string]string{"io.kubernetes.cri.container-type": "container"}
			}
			s.writeBundle("in"+kind, spec)
			in, out := fifo(t, s.dir, "in"), fifo(t, s.dir, "out")
			must(t, second(s.task.Create(bg, &taskapi.CreateTaskRequest{
				ID: "in" + kind, Bundle: s.bundle("in" + kind), Stdin: in, Stdout: out, Terminal: spec.Process.Terminal,
			})))
			must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "in" + kind})))
			r, err := os.OpenFile(out, os.O_RDONLY, 0)
			must(t, err)
			defer r.Close()
			lines := bufio.NewScanner(r)
			for _, word := range []string{"one", "two"} {
				w, err := os.OpenFile(in, os.O_WRONLY, 0)
				must(t, err)
				io.WriteString(w, word+"\n")
				w.Close()
				for lines.Scan() {
					if lines.Text() == "got "+word {
						break
					}
				}
				must(t, lines.Err())
			}
			if kind == "pod" {
				must(t, second(s.task.CloseIO(bg, &taskapi.CloseIORequest{ID: "in" + kind, Stdin: true})))
				if !lines.Scan() || lines.Text() != "end" {
					t.Errorf("after CloseIO: %q", lines.Text())
				}
			}
		})
	}
}

func TestCloseIOEndsTheInput(t *testing.T) {
	s := newShim(t, "closeio", "cat")
	in, out := fifo(t, s.dir, "in"), fifo(t, s.dir, "out")
	got := drain(t, out)
	must(t, second(s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "closeio", Bundle: s.bundle("closeio"), Stdin: in, Stdout: out})))
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "closeio"})))
	w, err := os.OpenFile(in, os.O_WRONLY, 0)
	must(t, err)
	defer w.Close() // stays open
	io.WriteString(w, "text\n")
	must(t, second(s.task.CloseIO(bg, &taskapi.CloseIORequest{ID: "closeio", Stdin: true})))
	if text := <-got; text != "text\n" {
		t.Errorf("%q", text)
	}
}

// containerd gives `delete` no environment: what it needs is in the bundle.
func TestPitfallDeleteAfterKillNeedsNoEnvironment(t *testing.T) {
	s := newShim(t, "dead", "sh", "-c", "sleep 1000 & sleep 1001")
	pid := s.run("dead")
	must(t, s.exec("dead", "x", "sleep", "1002"))
	if cgroups("dead") == nil {
		t.Fatal("no cgroup")
	}
	must(t, unix.Kill(s.pid, unix.SIGKILL))
	gone(t, s.pid)
	r := s.delete("dead", nil)
	if r == nil || r.ExitStatus != 137 {
		t.Errorf("%v", r)
	}
	gone(t, int(pid))
	if left := cgroups("dead"); left != nil {
		t.Errorf("cgroups are left: %v", left)
	}
	if left, _ := filepath.Glob(s.dir + "/s/*"); left != nil {
		t.Errorf("sockets are left: %v", left)
	}
	s.delete("dead", nil) // again
}

// containerd runs `delete` after every task, and the client waits for it.
func TestPitfallDeleteOfNothingIsCheap(t *testing.T) {
	s := newShim(t, "cheap", "sh", "-c", "exit 3")
	s.run("cheap")
	s.wait("cheap", "")
	must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: "cheap"})))
	// Alone in its folder it can only succeed when it needs no other program.
	dir := tempDir(t)
	must(t, copyFile(filepath.Join(s.bin, "containerd-shim-pouch-v2"), filepath.Join(dir, "containerd-shim-pouch-v2")))
	alone := *s
	alone.bin = dir
	if r := alone.delete("cheap", nil); r == nil || r.ExitStatus != 3 || r.Pid == 0 {
		t.Errorf("%v", r)
	}
}

// The supervisor's program may be replaced while it runs.
func TestPitfallUpgradeUnderALiveContainer(t *testing.T) {
	dir := tempDir(t)
	bin := needRoot(t)
	program := filepath.Join(dir, "pouch-shim")
	b, err := os.ReadFile(filepath.Join(bin, "pouch-shim"))
	must(t, err)
	must(t, os.WriteFile(program, b, 0o755))
	p := newPouchOf(t, program, nil, "sleep", "1000")
	p.runDetached()
	must(t, os.Remove(program))
	must(t, os.WriteFile(program, []byte("other"), 0o755))
	if code := p.execCode("sh", "-c", "exit 8"); code != 8 {
		t.Errorf("exit code %d", code)
	}
}

// Execs and clients that come and go leave no descriptor, thread or goroutine.
func TestNothingLeaksOverManyExecs(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	p.runDetached()
	p.execCode("true")
	fds := func() int {
		e, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.proc.Pid))
		must(t, err)
		return len(e)
	}
	before := fds()
	execs := func(n int) (threads int) {
		for range n {
			if code := p.execCode("sh", "-c", "exit 2"); code != 2 {
				t.Fatalf("exit code %d", code)
			}
		}
		e, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.proc.Pid))
		return len(e)
	}
	const n = 20
	first := execs(n) // as many as this machine's processors have it start
	if more := execs(n) - first; more >= n {
		t.Errorf("%d threads more after %d execs more", more, n)
	}
	eventually(t, "the descriptors are closed", func() bool { return fds() <= before })
}

// The container's own processes can't keep the supervisor, or a client, waiting
// by holding streams in a shared pid namespace.
func TestStrayProcessesEndWithTheContainer(t *testing.T) {
	s := newShim(t, "stray", "sh", "-c", "sleep 1003 & sleep 1004 & exit 0")
	spec := newSpec("stray", filepath.Join(s.bin, "root"), "sh", "-c", "sleep 1003 & sleep 1004 & exit 0")
	spec.Linux.Namespaces = spec.Linux.Namespaces[1:] // the host's pids
	s.writeBundle("stray", spec)
	out := fifo(t, s.dir, "out")
	got := drain(t, out)
	must(t, second(s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "stray", Bundle: s.bundle("stray"), Stdout: out})))
	begin := time.Now()
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "stray"})))
	if code := s.wait("stray", ""); code != 0 {
		t.Errorf("exit code %d", code)
	}
	<-got
	if d := time.Since(begin); d > time.Minute {
		t.Errorf("it took %v", d)
	}
	must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: "stray"})))
	if left := cgroups("stray"); left != nil {
		t.Errorf("cgroups are left: %v", left)
	}
}

// A supervisor that was started without a mount namespace of its own makes one.
func TestOwnMountNamespaceIsMadeWhereTheParentDidNot(t *testing.T) {
	bin := needRoot(t)
	cmd := exec.Command(filepath.Join(bin, "pouch-shim"), "--root", "/none", "--run-root", "/none", "--id", "x", "--namespace", "x")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	out, err := cmd.CombinedOutput()
	// It came as far as the descriptors that nobody gave it.
	if err == nil || !strings.Contains(string(out), "descriptor 3") {
		t.Errorf("%v: %s", err, out)
	}
}
