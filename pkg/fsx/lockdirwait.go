package fsx

import "context"

// LockDirWait is LockDir that gives up when ctx ends, with ctx's error. Whoever
// waits is woken at once when the lock is given back, without polling.
func LockDirWait(ctx context.Context, dir string) (*Lock, error) {
	type result struct {
		l   *Lock
		err error
	}
	got := make(chan result)
	go func() {
		l, err := LockDir(dir)
		select {
		case got <- result{l, err}:
		case <-ctx.Done():
			l.Unlock()
		}
	}()
	select {
	case r := <-got:
		return r.l, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
