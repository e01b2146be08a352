package script

import (
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// minSwaps is how often the two must have changed places, for the race to have
// been one.
const minSwaps = 1000

// swapping A B COMMAND ARGS...: runs the command while the files A and B change
// places as fast as they can (renameat2(2), RENAME_EXCHANGE), as somebody does who
// races with a container that is being made; again where it was over too soon to be a
// race. The command may end as it likes. Afterwards both are where they were.
func swapping(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: swapping A B COMMAND ARGS...")
	}
	a, b := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	swap := func() error { return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE) }
	ts.Check(swap())
	ts.Check(swap())
	var over atomic.Bool
	var swaps atomic.Int64
	done := make(chan error, 1)
	go func() {
		for !over.Load() || swaps.Load()%2 == 1 {
			if err := swap(); err != nil {
				done <- err
				return
			}
			swaps.Add(1)
		}
		done <- nil
	}()
	err := ts.Exec(args[2], args[3:]...)
	for swaps.Load() < minSwaps && len(done) == 0 {
		err = ts.Exec(args[2], args[3:]...)
	}
	over.Store(true)
	ts.Check(<-done)
	ts.Logf("%d times, then: %v", swaps.Load(), err)
}
