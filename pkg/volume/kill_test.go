package volume

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// victimEnv makes TestKilled the process that is killed: root folder, run
// folder and image are its words.
const victimEnv = "POUCH_TEST_VICTIM"

const killFiles = 20

// TestKilled kills a process that makes, fills and removes a volume over and
// over, each time at another moment. Afterwards the leftovers can be cleaned,
// and the volume works or is gone.
func TestKilled(t *testing.T) {
	if args := os.Getenv(victimEnv); args != "" {
		victim(args)
		return
	}
	m, s := open(t)
	root := image(t, func(l string) {
		for i := range killFiles {
			file(t, fmt.Sprintf("%s/data/%d/f", l, i), fmt.Sprint("content ", i))
		}
	})
	for range 40 {
		kill(t, s, root)
		must(t, m.Clean(context.Background()))
		clean(t, m)
		v, err := m.Inspect("kv")
		if errs.Is(err, errs.NotFound) {
			continue
		}
		must(t, err)
		must(t, Populate(context.Background(), s, v.Name, root, "/data"))
		for i := range killFiles {
			if got := read(t, fmt.Sprintf("%s/%d/f", v.Mountpoint, i)); got != fmt.Sprint("content ", i) {
				t.Fatalf("file %d has %q", i, got)
			}
		}
	}
}

func kill(t *testing.T, s *store.Store, root string) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	c := exec.Command(self, "-test.run=^TestKilled$")
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s", victimEnv, s.Root, s.RunRoot, root))
	ready, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Errorf("the victim did not begin: %v", err)
	}
	time.Sleep(time.Duration(rand.IntN(12_000)) * time.Microsecond)
	must(t, c.Process.Kill())
	if err := c.Wait(); err == nil {
		t.Error("the victim ended before it was killed")
	}
}

// victim works until it is killed; its first byte on stdout says that it began.
func victim(args string) {
	var root, run, image string
	fmt.Sscan(args, &root, &run, &image)
	s, err := store.Open(root, run)
	m, ctx := Open(s), context.Background()
	fmt.Print("x")
	for err == nil {
		_, cerr := m.Create(ctx, CreateOptions{Name: "kv"})
		err = errors.Join(cerr, Populate(ctx, s, "kv", image, "/data"), m.Remove(ctx, "kv", false))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(0)
}
