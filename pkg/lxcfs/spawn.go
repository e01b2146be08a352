package lxcfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// startLimit is how long lxcfs may take to mount.
const startLimit = 20 * time.Second

// spawn starts lxcfs and waits until its mount is there.
func (v *Service) spawn(ctx context.Context) (record.Proc, error) {
	path, err := v.program()
	if err != nil {
		return record.Proc{}, err
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return record.Proc{}, errs.New(errs.Unsupported, "the kernel has no FUSE: modprobe fuse: %w", err)
	}
	words, theirs, err := os.Pipe()
	if err != nil {
		return record.Proc{}, err
	}
	defer words.Close()
	var p *os.Process
	var infos *os.File
	err = mount.Apart(func() (err error) {
		if err := v.bare(); err != nil {
			return err
		}
		// Of the namespace, whatever others lxcfs visits while it starts.
		if infos, err = os.Open("/proc/thread-self/mountinfo"); err == nil {
			p, err = v.run(path, theirs)
		}
		return err
	})
	theirs.Close()
	defer infos.Close()
	if err != nil {
		return record.Proc{}, err
	}
	me, err := proc.Of(p.Pid)
	if err == nil {
		settle(p.Pid)
		err = mounted(ctx, me, infos)
	}
	if err != nil {
		p.Kill()
		p.Wait() //nolint:errcheck // it was killed
		return me, fmt.Errorf("%w%s", err, said(words))
	}
	go p.Wait() //nolint:errcheck // a supervisor outlives it, or it the supervisor
	slog.Debug("lxcfs started", "pid", p.Pid)
	return me, nil
}

// bare makes the calling thread's mount namespace the daemon's: it has the system
// and no mount of anybody else, which would be busy as long as lxcfs runs.
func (v *Service) bare() error {
	all, err := mount.Below("/")
	if err != nil {
		return err
	}
	for _, m := range all {
		if !ofSystem(m.Target) {
			if err := mount.UnmountAll(m.Target); err != nil {
				return err
			}
		}
	}
	// lxcfs has files of its own in /run, too.
	if err := (mount.Mount{Type: "tmpfs", Source: "lxcfs", Options: []string{"mode=700", "size=1m"}}).At(private); err != nil {
		return err
	}
	return os.MkdirAll(v.dir(), 0o700)
}

// ofSystem reports whether lxcfs may need what is mounted at path.
func ofSystem(path string) bool {
	return path == "/" || slices.ContainsFunc([]string{"/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr"}, func(p string) bool {
		return path == p || strings.HasPrefix(path, p+"/")
	})
}

// run starts the program: processors by quota too, and the container's own load.
func (v *Service) run(path string, words *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	argv := []string{path, "--foreground", "--enable-cfs", "--enable-loadavg", "--pidfile=" + private + "/lxcfs.pid", v.dir()}
	return os.StartProcess(path, argv, &os.ProcAttr{
		Dir:   "/",
		Env:   []string{"PATH=" + strings.Join(v.dirs, ":"), "LANG=C"},
		Files: []*os.File{null, null, words},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

// settle takes the daemon out of the unit of whoever needed it first, and makes
// it one of the last that the kernel kills for memory.
func settle(pid int) {
	if systemd.Booted() {
		if err := systemd.Free(pid); err != nil {
			slog.Debug("lxcfs stays in this session's cgroup", "error", err)
		}
	}
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("-999"), 0); err != nil {
		slog.Debug("lxcfs may be killed for memory", "error", err)
	}
}

// mounted waits for lxcfs' mount: the kernel tells by poll(2) when the mounts of
// a namespace change (proc_pid_mounts(5)).
func mounted(ctx context.Context, p record.Proc, infos *os.File) error {
	pidfd, err := unix.PidfdOpen(p.Pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pidfd)
	for until := time.Now().Add(startLimit); time.Now().Before(until); {
		if _, err := infos.Seek(0, io.SeekStart); err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(infos, 16<<20))
		if err != nil {
			return err
		}
		if strings.Contains(string(text), " - "+Type+" ") {
			return nil
		}
		fds := []unix.PollFd{{Fd: int32(infos.Fd()), Events: unix.POLLPRI}, {Fd: int32(pidfd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, 100); err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
		if fds[1].Revents != 0 {
			return errs.New(errs.Unavailable, "it ended")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return errs.New(errs.Unavailable, "it has not mounted after %v", startLimit)
}

// said is the last line that a daemon which has ended wrote.
func said(words *os.File) string {
	b, err := io.ReadAll(io.LimitReader(words, 1<<16))
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if err != nil || lines[len(lines)-1] == "" {
		return ""
	}
	return ": " + lines[len(lines)-1]
}
