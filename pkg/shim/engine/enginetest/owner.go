package enginetest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ownerEnv makes a test binary the owner of a container: it holds the folder of
// the fixture and the container's id.
const ownerEnv = "POUCH_ENGINETEST_OWNER"

// own makes and starts a container, says so, and waits to be killed, or for the
// end of the process that would.
func own(t *testing.T, f *fixture, id string) {
	o := f.optsOf(t, id, null(), nil, "sh", "-c", "sleep 1000 & sleep 1000")
	fmt.Println("owner: creating")
	c, err := f.engine.Create(t.Context(), o)
	if err == nil {
		err = c.Start(t.Context())
	}
	fmt.Println("owner: started", err)
	if err == nil {
		io.Copy(io.Discard, os.Stdin) // its end is the news
	}
	os.Exit(1)
}

// ownerDies kills the process that owns a container with SIGKILL, at many
// moments of its making and once it runs: Destroy clears all each time.
func ownerDies(t *testing.T, f *fixture) {
	for _, after := range []time.Duration{0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, -1} {
		after *= time.Millisecond
		id := NewID()
		killOwner(t, f, id, after)
		for range 2 {
			if err := f.engine.Destroy(t.Context(), f.stateDir, id); err != nil {
				t.Fatalf("killed after %v: %v", after, err)
			}
		}
		f.gone(t, id)
		if left := f.processes(); len(left) > 0 {
			t.Errorf("killed after %v: processes are left: %v", after, left)
		}
	}
}

// killOwner starts an owner and kills it that long after it began to create, or,
// when after is negative, when its container runs.
func killOwner(t *testing.T, f *fixture, id string, after time.Duration) {
	t.Helper()
	root, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command("/proc/self/exe", "-test.run", "^"+root+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), ownerEnv+"="+f.base+":"+id)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	want := "owner: creating"
	if after < 0 {
		want = "owner: started <nil>"
	}
	said := ""
	for !strings.HasPrefix(said, want) && lines.Scan() {
		said = lines.Text()
	}
	if !strings.HasPrefix(said, want) {
		t.Errorf("the owner says %q last, want %q", said, want)
	}
	if after > 0 {
		time.Sleep(after) // the moment of the kill is what is tested
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // killed
}

// processes lists who has its working folder in the fixture's: the containers'
// processes and those of runtimes that make them. It waits for those that end
// because their parent is gone.
func (f *fixture) processes() []string {
	var left []string
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		left = nil
		dirs, _ := filepath.Glob("/proc/[0-9]*")
		for _, d := range dirs {
			cwd, err := os.Readlink(filepath.Join(d, "cwd"))
			if err == nil && strings.HasPrefix(cwd, f.base) {
				name, _ := os.ReadFile(filepath.Join(d, "comm"))
				left = append(left, filepath.Base(d)+" "+strings.TrimSpace(string(name)))
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}
