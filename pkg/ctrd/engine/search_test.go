package engine

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/proc"
)

func TestSearch(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "config.toml")
	if p, err := search(conf); err == nil {
		t.Errorf("found %v before it runs", p)
	}
	// The test itself, waiting for its input, in the place of containerd.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Args = []string{"/x/containerd", "--config", conf}
	c.Env = append(os.Environ(), waitEnv+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// The kernel gives it its command line after its start is told.
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p, err := search(conf)
	if err != nil || p.Pid != c.Process.Pid {
		t.Errorf("%v, %v; not %d", p, err, c.Process.Pid)
	}
	in.Close()
	c.Wait()
	if p, err := search(conf); err == nil {
		t.Errorf("found %v after its end", p)
	}
}

// waitEnv makes the test binary a program that says a word and waits for the end of
// its input.
const waitEnv = "POUCH_TEST_WAIT"

func TestMain(m *testing.M) {
	if os.Getenv(waitEnv) != "" {
		os.Stdout.WriteString("\n")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

func TestPeer(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "s")
	if p, err := peer(sock); err == nil {
		t.Errorf("found %v where nobody listens", p)
	}
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	me, err := proc.Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if p, err := peer(sock); err != nil || p != me {
		t.Errorf("%v, %v; not %v", p, err, me)
	}
}
