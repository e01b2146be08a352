package lxcfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Stop ends lxcfs. It fails with kind in_use when containers run with it, whose
// files would be dead; with force it ends all the same. Idempotent.
func (v *Service) Stop(ctx context.Context, force bool) error {
	l, err := v.s.Lock(ctx, "lxcfs", "")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if !force {
		users, err := v.users("")
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return errs.New(errs.InUse, "stop lxcfs: containers run with it: %s", strings.Join(users, ", "))
		}
	}
	return v.stop(ctx)
}

func (v *Service) stop(ctx context.Context) error {
	if n, runs := v.find(); runs {
		if err := end(ctx, n.Proc); err != nil {
			return fmt.Errorf("stop lxcfs (pid %d): %w", n.Proc.Pid, err)
		}
	}
	return v.dropNote()
}

// Idle reports whether lxcfs runs, was not started to stay, and no container but
// except uses it; p is its process.
func (v *Service) Idle(except string) (p record.Proc, idle bool, err error) {
	n, runs := v.find()
	if !runs || n.Keep {
		return n.Proc, false, nil
	}
	users, err := v.users(except)
	return n.Proc, err == nil && len(users) == 0, err
}

// Release ends lxcfs when it is idle but for container except, which has ended,
// and forgets one that is dead. Idempotent.
func (v *Service) Release(ctx context.Context, except string) error {
	if gone, err := v.needless(except); err != nil || !gone {
		return err
	}
	l, err := v.s.Lock(ctx, "lxcfs", "")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if gone, err := v.needless(except); err != nil || !gone {
		return err
	}
	return v.stop(ctx)
}

// needless reports whether lxcfs is idle, or dead.
func (v *Service) needless(except string) (bool, error) {
	if _, runs := v.find(); !runs {
		_, err := os.Lstat(v.s.LxcfsNote())
		return err == nil, nil
	}
	_, idle, err := v.Idle(except)
	return idle, err
}

// end kills the daemon, and waits: it has nothing to bring in order, its mounts go
// with its namespace, and asked kindly it would take five seconds.
func end(ctx context.Context, p record.Proc) error {
	fd, err := unix.PidfdOpen(p.Pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !proc.Alive(p) {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	for until := time.Now().Add(endLimit); time.Now().Before(until) && ctx.Err() == nil; {
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100); n > 0 && err == nil {
			return nil
		}
	}
	return errs.New(errs.Unavailable, "it does not end")
}

// endLimit is how long that may take.
const endLimit = 10 * time.Second
