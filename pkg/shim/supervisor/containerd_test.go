package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// engine is a containerd of its own, and ctr.
type privateContainerd struct {
	t        *testing.T
	dir, bin string
	cmd      *exec.Cmd
}

func newContainerd(t *testing.T) *privateContainerd {
	t.Helper()
	c := &privateContainerd{t: t, bin: needRoot(t), dir: tempDir(t)}
	for _, p := range []string{"containerd", "ctr"} {
		if _, err := os.Stat("../../../bin/" + p); err != nil {
			t.Skip("needs bin/" + p + ": run make")
		}
	}
	config := fmt.Sprintf(`version = 3
root = %[1]q
state = %[2]q
imports = []
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]
[grpc]
address = %[3]q
[plugins."io.containerd.shim.v1.manager"]
socket_dir = %[4]q
`, c.dir+"/root", c.dir+"/state", c.sock(), c.dir+"/s")
	must(t, os.WriteFile(c.dir+"/config.toml", []byte(config), 0o600))
	c.start()
	t.Cleanup(func() {
		ids, _ := os.ReadDir(c.dir + "/state/io.containerd.runtime.v2.task/default")
		for _, id := range ids {
			c.ctr("task", "rm", "-f", id.Name())
		}
		c.stop()
	})
	return c
}

func (c *privateContainerd) sock() string { return c.dir + "/c.sock" }

func (c *privateContainerd) start() {
	c.t.Helper()
	c.cmd = exec.Command("../../../bin/containerd", "--config", c.dir+"/config.toml")
	log, err := os.OpenFile(c.dir+"/log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	must(c.t, err)
	defer log.Close()
	c.cmd.Stdout, c.cmd.Stderr = log, log
	must(c.t, c.cmd.Start())
	eventually(c.t, "containerd answers", func() bool { _, err := c.ctr("version"); return err == nil })
}

func (c *privateContainerd) stop() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// ctr returns what the command prints on standard output.
func (c *privateContainerd) ctr(args ...string) (string, error) {
	cmd := exec.Command("../../../bin/ctr", append([]string{"--address", c.sock()}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderrOf(err))
	}
	return string(out), err
}

// run is `ctr run` with this shim on the tests' root.
func (c *privateContainerd) run(flags []string, id string, args ...string) (string, error) {
	all := append([]string{"run", "--runtime", filepath.Join(c.bin, "containerd-shim-pouch-v2"), "--rootfs", "--fifo-dir", c.dir + "/f", "--env", "PATH=/bin", "--cgroup", "/pouch/" + id}, flags...)
	return c.ctr(append(append(all, filepath.Join(c.bin, "root"), id), args...)...)
}

func (c *privateContainerd) supervisor(id string) int {
	c.t.Helper()
	out, err := exec.Command("pgrep", "-f", "pouch-shim --namespace default --id "+id+" --containerd "+c.sock()).Output()
	must(c.t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	must(c.t, err)
	return pid
}

func TestCtr(t *testing.T) {
	c := newContainerd(t)
	t.Run("run", func(t *testing.T) {
		out, err := c.run([]string{"--rm"}, "cr", "sh", "-c", "echo hello; exit 7")
		if e := exitOfCommand(err); out != "hello\n" || e != 7 {
			t.Errorf("%q %d %v", out, e, err)
		}
	})
	t.Run("nosuch", func(t *testing.T) {
		_, err := c.run([]string{"--rm"}, "cn", "nosuch")
		if err == nil || !strings.Contains(err.Error(), `exec: "nosuch": executable file not found in $PATH`) {
			t.Errorf("%v", err)
		}
	})
	t.Run("exec and kill", func(t *testing.T) {
		_, err := c.run([]string{"-d"}, "ce", "sleep", "1000")
		must(t, err)
		out, err := c.ctr("task", "exec", "--exec-id", "x", "ce", "sh", "-c", "echo inside; exit 3")
		if e := exitOfCommand(err); out != "inside\n" || e != 3 {
			t.Errorf("%q %d %v", out, e, err)
		}
		if out, err := c.ctr("task", "metrics", "ce"); err != nil || !strings.Contains(out, "memory") {
			t.Errorf("metrics: %q %v", out, err)
		}
		must(t, second(c.ctr("task", "kill", "-s", "KILL", "ce")))
		eventually(t, "it is stopped", func() bool { out, _ := c.ctr("task", "ls"); return strings.Contains(out, "STOPPED") })
		c.ctr("task", "rm", "ce") // its exit code is the container's
		must(t, second(c.ctr("container", "rm", "ce")))
	})
	t.Run("supervisor killed", func(t *testing.T) {
		_, err := c.run([]string{"-d"}, "ck", "sleep", "1000")
		must(t, err)
		must(t, unix.Kill(c.supervisor("ck"), unix.SIGKILL))
		eventually(t, "containerd has forgotten the task", func() bool { out, _ := c.ctr("task", "ls", "-q"); return out == "" })
		eventually(t, "the cgroup is gone", func() bool { return cgroups("ck") == nil })
		must(t, second(c.ctr("container", "rm", "ck")))
	})
	t.Run("containerd killed", func(t *testing.T) {
		_, err := c.run([]string{"-d"}, "cc", "sleep", "1000")
		must(t, err)
		c.stop()
		c.start()
		if out, err := c.ctr("task", "ls"); err != nil || !strings.Contains(out, "RUNNING") {
			t.Errorf("%q %v", out, err)
		}
		out, err := c.ctr("task", "exec", "--exec-id", "x", "cc", "sh", "-c", "echo inside; exit 3")
		if e := exitOfCommand(err); out != "inside\n" || e != 3 {
			t.Errorf("%q %d %v", out, e, err)
		}
	})
	t.Run("info", func(t *testing.T) {
		out, err := c.ctr("info")
		if err != nil || out == "" {
			t.Errorf("%v", err)
		}
		out, err = c.ctr("plugins", "inspect-runtime", "--runtime", filepath.Join(c.bin, "containerd-shim-pouch-v2"))
		if err != nil || !strings.Contains(out, "io.containerd.pouch.v2") {
			t.Errorf("%q %v", out, err)
		}
	})
}

func exitOfCommand(err error) int {
	var code int
	if err == nil {
		return 0
	}
	fmt.Sscanf(err.Error(), "exit status %d", &code)
	return code
}
