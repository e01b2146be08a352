package libct_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/libct"
)

// A container that is killed while processes are started in it ends, whatever
// these have come to: a stage of theirs that nobody waits for would keep it.
func TestKilledDuringExec(t *testing.T) {
	dir := base(t)
	e := libct.New(nil)
	for i := range 16 {
		c, err := e.Create(t.Context(), opts(dir, "sleep", "1000"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Delete(context.Background()) // checked below
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				p, err := c.Exec(t.Context(), &specs.Process{Args: []string{"true"}, Cwd: "/", Env: []string{"PATH=/bin"}}, engine.IO{})
				if err == nil {
					p.Wait()
				}
			})
		}
		time.Sleep(time.Duration(i) * time.Millisecond) // the moments of a start
		if err := c.Signal(unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { c.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatalf("killed %d ms after two execs began, it does not end", i)
		}
		wg.Wait()
		if err := c.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
