package supervisor

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types/runc/options"
	tasktypes "github.com/containerd/containerd/api/types/task"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

var bg = context.Background()

func TestLifeAsContainerdSeesIt(t *testing.T) {
	s := newShim(t, "life", "sh", "-c", "exit 7")
	s.create("life")
	st, err := s.task.State(bg, &taskapi.StateRequest{ID: "life"})
	if err != nil || st.Status != tasktypes.Status_CREATED || st.Pid == 0 {
		t.Fatalf("created: %v %v", st, err)
	}
	_, err = s.task.Start(bg, &taskapi.StartRequest{ID: "life"})
	must(t, err)
	if code := s.wait("life", ""); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if st, err = s.task.State(bg, &taskapi.StateRequest{ID: "life"}); err != nil || st.Status != tasktypes.Status_STOPPED || st.ExitStatus != 7 {
		t.Errorf("stopped: %v %v", st, err)
	}
	if _, err := s.task.Start(bg, &taskapi.StartRequest{ID: "life"}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("second start: %v", err)
	}
	del, err := s.task.Delete(bg, &taskapi.DeleteRequest{ID: "life"})
	if err != nil || del.ExitStatus != 7 || del.Pid == 0 || time.Since(del.ExitedAt.AsTime()) > time.Minute {
		t.Errorf("delete: %v %v", del, err)
	}
	if left := cgroups("life"); left != nil {
		t.Errorf("cgroups are left: %v", left)
	}
	if _, err := s.task.State(bg, &taskapi.StateRequest{ID: "life"}); status.Code(err) != codes.NotFound {
		t.Errorf("state of a deleted one: %v", err)
	}
	eventually(t, "the events are there", func() bool { return s.events.String() == "create start exit delete" })
	_, err = s.task.Shutdown(bg, &taskapi.ShutdownRequest{ID: "life"})
	must(t, err)
	gone(t, s.pid)
	if left, _ := filepath.Glob(s.dir + "/s/*"); left != nil {
		t.Errorf("sockets are left: %v", left)
	}
}

func TestErrorsHaveTheirCodes(t *testing.T) {
	s := newShim(t, "errs", "nosuch")
	_, err := s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "errs", Bundle: s.bundle("errs")})
	if err == nil || !strings.Contains(err.Error(), `exec: "nosuch"`) {
		t.Errorf("create: %v", err)
	}
	if left := cgroups("errs"); left != nil {
		t.Errorf("a failed create leaves %v", left)
	}
	for name, err := range map[string]error{
		"kill":  second(s.task.Kill(bg, &taskapi.KillRequest{ID: "errs", Signal: 9})),
		"exec":  second(s.task.Exec(bg, &taskapi.ExecProcessRequest{ID: "errs", ExecID: "x"})),
		"pause": second(s.task.Pause(bg, &taskapi.PauseRequest{ID: "errs"})),
		"stats": second(s.task.Stats(bg, &taskapi.StatsRequest{ID: "errs"})),
		"pids":  second(s.task.Pids(bg, &taskapi.PidsRequest{ID: "errs"})),
	} {
		if status.Code(err) != codes.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	err = second(s.task.Checkpoint(bg, &taskapi.CheckpointTaskRequest{ID: "errs"}))
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "pouch-run checkpoint create") {
		t.Errorf("checkpoint: %v", err)
	}
	s.writeBundle("errs", newSpec("errs", filepath.Join(s.bin, "root"), "true"))
	s.run("errs") // the id is free again
	if code := s.wait("errs", ""); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func second[T any](_ T, err error) error { return err }

func TestCreatedAndNeverStartedIsDeleted(t *testing.T) {
	s := newShim(t, "never", "true")
	pid := s.create("never")
	del, err := s.task.Delete(bg, &taskapi.DeleteRequest{ID: "never"})
	if err != nil || del.ExitStatus != 137 {
		t.Errorf("%v %v", del, err)
	}
	gone(t, int(pid))
	if left := cgroups("never"); left != nil {
		t.Errorf("cgroups are left: %v", left)
	}
}

func TestExecs(t *testing.T) {
	s := newShim(t, "execs", "sleep", "1000")
	s.run("execs")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := fmt.Sprintf("e%d", i)
			if err := s.exec("execs", id, "sh", "-c", fmt.Sprintf("exit %d", i)); err != nil {
				t.Error(err)
				return
			}
			if code := s.wait("execs", id); code != i {
				t.Errorf("%s: exit code %d", id, code)
			}
			if _, err := s.task.Delete(bg, &taskapi.DeleteRequest{ID: "execs", ExecID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.exec("execs", "nf", "nosuch"); err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("unknown command: %v", err)
	}
	must(t, s.exec("execs", "long", "sleep", "1000"))
	r, err := s.task.Pids(bg, &taskapi.PidsRequest{ID: "execs"})
	must(t, err)
	named := 0
	for _, p := range r.Processes {
		d := &options.ProcessDetails{}
		if p.Info != nil && proto.Unmarshal(p.Info.Value, d) == nil && d.ExecID == "long" {
			named++
		}
	}
	if len(r.Processes) != 2 || named != 1 {
		t.Errorf("processes: %v", r.Processes)
	}
	s.kill("execs", unix.SIGKILL)
	if code := s.wait("execs", "long"); code != 137 {
		t.Errorf("an exec ends with its container with %d", code)
	}
	if err := s.exec("execs", "late", "true"); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("exec after the end: %v", err)
	}
}

func TestPauseUpdateStats(t *testing.T) {
	s := newShim(t, "pause", "sleep", "1000")
	s.run("pause")
	must(t, second(s.task.Pause(bg, &taskapi.PauseRequest{ID: "pause"})))
	st, err := s.task.State(bg, &taskapi.StateRequest{ID: "pause"})
	if err != nil || st.Status != tasktypes.Status_PAUSED {
		t.Errorf("%v %v", st, err)
	}
	paused := s.exec("pause", "x", "true")
	must(t, second(s.task.Resume(bg, &taskapi.ResumeRequest{ID: "pause"})))
	limit := &anypb.Any{TypeUrl: "x", Value: []byte(`{"pids":{"limit":77}}`)}
	must(t, second(s.task.Update(bg, &taskapi.UpdateTaskRequest{ID: "pause", Resources: limit})))
	found := false
	for _, dir := range cgroups("pause") {
		if b, err := os.ReadFile(filepath.Join(dir, "pids.max")); err == nil {
			found = strings.TrimSpace(string(b)) == "77"
		}
	}
	if !found {
		t.Error("the limit is not set")
	}
	r, err := s.task.Stats(bg, &taskapi.StatsRequest{ID: "pause"})
	if err != nil || len(r.Stats.GetValue()) == 0 || !strings.HasPrefix(r.Stats.TypeUrl, "io.containerd.cgroups.v") {
		t.Errorf("stats: %v %v", r, err)
	}
	s.kill("pause", unix.SIGKILL)
	s.wait("pause", "")
	r, err = s.task.Stats(bg, &taskapi.StatsRequest{ID: "pause"})
	if err != nil || len(r.Stats.GetValue()) == 0 {
		t.Errorf("stats after the end: %v %v", r, err)
	}
	for what, err := range map[string]error{"paused": paused, "stopped": s.exec("pause", "y", "true")} {
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), what) {
			t.Errorf("exec in a %s container: %v", what, err)
		}
	}
	if got := s.events.String(); strings.Contains(got, "exec") {
		t.Errorf("events: %q", got)
	}
}

func TestTerminalOverFifos(t *testing.T) {
	s := newShim(t, "tty", "sh", "-c", "stty size; read x; echo got $x; exit 3")
	spec := newSpec("tty", filepath.Join(s.bin, "root"), "sh", "-c", "read x; stty size; echo got $x; exit 3")
	spec.Process.Terminal = true
	s.writeBundle("tty", spec)
	in, out := fifo(t, s.dir, "in"), fifo(t, s.dir, "out")
	got := drain(t, out)
	_, err := s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "tty", Bundle: s.bundle("tty"), Terminal: true, Stdin: in, Stdout: out})
	must(t, err)
	_, err = s.task.Start(bg, &taskapi.StartRequest{ID: "tty"})
	must(t, err)
	must(t, second(s.task.ResizePty(bg, &taskapi.ResizePtyRequest{ID: "tty", Width: 91, Height: 33})))
	w, err := os.OpenFile(in, os.O_WRONLY, 0)
	must(t, err)
	defer w.Close()
	io.WriteString(w, "typed\n")
	if code := s.wait("tty", ""); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if text := <-got; text != "typed\r\n33 91\r\ngot typed\r\n" {
		t.Errorf("%q", text)
	}
}

func fifo(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, unix.Mkfifo(path, 0o600))
	return path
}

// drain reads a fifo to its end, as a client does. It is open when drain
// returns: a container that ends at once does not outrun it.
func drain(t *testing.T, path string) <-chan string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	must(t, err)
	out := make(chan string, 1)
	go func() {
		defer f.Close()
		// Before its first writer a fifo reads as ended; poll(2) knows better.
		p := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
		for err := unix.EINTR; err == unix.EINTR; {
			_, e := unix.Poll(p, -1)
			err, _ = e.(unix.Errno)
		}
		b, _ := io.ReadAll(f)
		out <- string(b)
	}()
	return out
}

func TestFileAndBinaryURIs(t *testing.T) {
	s := newShim(t, "uris", "sh", "-c", "echo out; echo err >&2")
	logFile := filepath.Join(s.dir, "logs", "c.log")
	_, err := s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "uris", Bundle: s.bundle("uris"), Stdout: "file://" + logFile, Stderr: "file://" + logFile})
	must(t, err)
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "uris"})))
	s.wait("uris", "")
	if b, _ := os.ReadFile(logFile); string(b) != "out\nerr\n" {
		t.Errorf("file: %q", b)
	}
	must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: "uris"})))
	script := filepath.Join(s.dir, "logger")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nexec 5>&-\ncat <&3 >$1; cat <&4 >>$1; echo $CONTAINER_ID $CONTAINER_NAMESPACE >>$1\n"), 0o755))
	binLog := filepath.Join(s.dir, "binlog")
	_, err = s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "uris", Bundle: s.bundle("uris"), Stdout: "binary://" + script + "?" + binLog})
	must(t, err)
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "uris"})))
	s.wait("uris", "")
	must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: "uris"})))
	if b, _ := os.ReadFile(binLog); string(b) != "out\nerr\nuris test\n" {
		t.Errorf("binary: %q", b)
	}
}

func TestPodSharesASupervisor(t *testing.T) {
	s := newShim(t, "pod", "sleep", "1000")
	s.run("pod")
	for _, id := range []string{"m1", "m2"} {
		spec := newSpec(id, filepath.Join(s.bin, "root"), "sh", "-c", "exit 5")
		spec.Annotations = map[string]string{"io.kubernetes.cri.sandbox-id": "pod"}
		s.writeBundle(id, spec)
		if a := s.start(id); a != s.address {
			t.Fatalf("%s has its own supervisor at %s", id, a)
		}
		s.run(id)
		if code := s.wait(id, ""); code != 5 {
			t.Errorf("exit code %d", code)
		}
		must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: id})))
		must(t, second(s.task.Shutdown(bg, &taskapi.ShutdownRequest{ID: id})))
		s.delete(id, nil) // containerd does that after every task
	}
	r, err := s.task.Connect(bg, &taskapi.ConnectRequest{ID: "pod"})
	if err != nil || int(r.ShimPid) != s.pid || r.TaskPid == 0 {
		t.Errorf("the pod's first container: %v %v", r, err)
	}
}

func TestOtherRuntime(t *testing.T) {
	runc := ""
	for _, p := range []string{"../../../bin/runc", "/usr/sbin/runc", "/usr/bin/runc"} {
		if _, err := os.Stat(p); err == nil {
			runc, _ = filepath.Abs(p)
			break
		}
	}
	if runc == "" {
		t.Skip("needs runc")
	}
	s := newShim(t, "other", "sh", "-c", "exit 6")
	value, err := proto.Marshal(&options.Options{BinaryName: runc})
	must(t, err)
	req := &taskapi.CreateTaskRequest{ID: "other", Bundle: s.bundle("other")}
	req.Options = &anypb.Any{TypeUrl: "containerd.runc.v1.Options", Value: value}
	must(t, second(s.task.Create(bg, req)))
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "other"})))
	if code := s.wait("other", ""); code != 6 {
		t.Errorf("exit code %d", code)
	}
	must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: "other"})))
	if left := cgroups("other"); left != nil {
		t.Errorf("cgroups are left: %v", left)
	}
}

// nerdctl's logging program is of that kind.
func TestLoggerMayWaitForTheEnd(t *testing.T) {
	s := newShim(t, "patient", "echo", "out")
	script, ended, log := filepath.Join(s.dir, "logger"), filepath.Join(s.dir, "ended"), filepath.Join(s.dir, "log")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nexec 5>&-\ncat <&3\nread x <$1; echo complete >$2\n"), 0o755))
	must(t, unix.Mkfifo(ended, 0o600))
	_, err := s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "patient", Bundle: s.bundle("patient"), Stdout: "binary://" + script + "?" + ended + "=" + log})
	must(t, err)
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "patient"})))
	if code := s.wait("patient", ""); code != 0 {
		t.Errorf("exit code %d", code)
	}
	eventually(t, "the exit is told", func() bool { return strings.Contains(s.events.String(), "exit") })
	must(t, os.WriteFile(ended, []byte("x\n"), 0))
	must(t, second(s.task.Delete(bg, &taskapi.DeleteRequest{ID: "patient"})))
	if b, _ := os.ReadFile(log); string(b) != "complete\n" {
		t.Errorf("log: %q", b)
	}
}

// nerdctl names a stderr beside a terminal, and makes no fifo for it.
func TestTerminalHasNoStderr(t *testing.T) {
	s := newShim(t, "notty", "true")
	spec := newSpec("notty", filepath.Join(s.bin, "root"), "sh", "-c", "echo out; echo err >&2")
	spec.Process.Terminal = true
	s.writeBundle("notty", spec)
	out := fifo(t, s.dir, "out")
	got := drain(t, out)
	_, err := s.task.Create(bg, &taskapi.CreateTaskRequest{ID: "notty", Bundle: s.bundle("notty"), Terminal: true, Stdout: out, Stderr: s.dir + "/none"})
	must(t, err)
	must(t, second(s.task.Start(bg, &taskapi.StartRequest{ID: "notty"})))
	s.wait("notty", "")
	if text := <-got; text != "out\r\nerr\r\n" {
		t.Errorf("%q", text)
	}
}
