package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// sweepTimeout bounds the sweeping of what cannot be killed.
const sweepTimeout = time.Minute

// sweep removes what tests have left that were interrupted, panicked or ran
// into their timeout: processes, cgroups, folders whose names begin with dir.
// After a Stop nothing of it is there.
func sweep(dir string) error {
	os.Remove(dir) // empty, if the suite could not even begin
	dirs, err := filepath.Glob(dir + "*")
	if err != nil || len(dirs) == 0 || os.Getenv("POUCH_TEST_KEEP") != "" {
		return err
	}
	fmt.Fprintln(os.Stderr, "the tests were cut short: what they left is removed")
	ctx, cancel := context.WithTimeout(context.Background(), sweepTimeout)
	defer cancel()
	for _, d := range dirs {
		s := at(d)
		err = errors.Join(err, s.killAll(ctx), s.sweepCgroups(ctx), os.RemoveAll(d))
	}
	return err
}

// at is the suite in folder dir, without its programs.
func at(dir string) *Suite {
	return &Suite{Root: filepath.Join(dir, "l"), RunRoot: filepath.Join(dir, "r"), dir: dir}
}

// killAll kills the suite's processes until there are none.
func (s *Suite) killAll(ctx context.Context) error {
	for {
		left := s.processes()
		if len(left) == 0 {
			return nil
		}
		for _, p := range left {
			pid, _, _ := strings.Cut(p, " ")
			if n, err := strconv.Atoi(pid); err == nil {
				syscall.Kill(n, syscall.SIGKILL) // it may have ended
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes that do not end: %q", left)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// sweepCgroups kills the suite's containers.
func (s *Suite) sweepCgroups(ctx context.Context) error {
	g, err := cgroup.Of((&store.Store{Root: s.Root, RunRoot: s.RunRoot}).CgroupParent())
	if err != nil {
		return err
	}
	return errors.Join(g.Kill(ctx), g.Remove(ctx))
}

// interrupts calls stop at the first signal that ends a program, until the
// function that it returns is called.
func interrupts(stop func()) func() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		if _, ok := <-c; ok {
			stop()
		}
	}()
	return func() {
		signal.Stop(c)
		close(c)
	}
}
