package ociruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// maxLog bounds what is read of a runtime's log and stderr, in bytes.
const maxLog = 64 << 10

// command is one call of the runtime.
type command struct {
	path string
	reap *reaper
	args []string
	log  string // where the runtime logs; empty: its stderr is kept instead
	io   *engine.IO
	pid  int // of the runtime, which leads a process group, once it ran
}

// command returns a call: root and log first, then what follows.
func (e *Engine) command(stateDir, log string, systemd bool, args ...string) *command {
	global := []string{"--root", stateDir}
	if log != "" {
		global = append(global, "--log", log, "--log-format", "json")
	}
	if systemd {
		global = append(global, "--systemd-cgroup")
	}
	return &command{path: e.path, reap: e.reap, args: append(global, args...), log: log}
}

// run runs the call to its end. A failure has the runtime's own words, and
// their kind. Whatever becomes of this process, the runtime does not outlive
// it: what it makes later nobody would look after.
func (c *command) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Env = environ()
	var stderr bounded
	if c.io == nil {
		cmd.Stderr = &stderr
	} else {
		cmd.ExtraFiles = c.io.Extra
		if !c.io.Terminal {
			setFiles(cmd, *c.io)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	// The signal comes when the thread dies that forked, so it must not.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	proc.OwnSlack() // it goes on to the container
	err := cmd.Start()
	if err == nil {
		c.pid = cmd.Process.Pid
		c.reap.notLeader(c.pid)
		err = cmd.Wait()
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := c.logged()
	if text == "" {
		text = strings.TrimSpace(stderr.String())
	}
	if text == "" {
		return fmt.Errorf("%s: %w", filepath.Base(c.path), err)
	}
	return engine.Classify(errors.New(text))
}

// environ is this process' environment without what service managers tell it
// (sd_notify(3), sd_listen_fds(3)): a runtime would take it for its own. Nor is it
// bound to one processor, as a supervisor is at first.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return k == "NOTIFY_SOCKET" || k == "GOMAXPROCS" || strings.HasPrefix(k, "LISTEN_") || strings.HasPrefix(k, "WATCHDOG_")
	})
}

// setFiles hands the caller's files over. A nil file must stay a nil interface:
// it is /dev/null then.
func setFiles(cmd *exec.Cmd, io engine.IO) {
	if io.Stdin != nil {
		cmd.Stdin = io.Stdin
	}
	if io.Stdout != nil {
		cmd.Stdout = io.Stdout
	}
	if io.Stderr != nil {
		cmd.Stderr = io.Stderr
	}
}

// logged is the last error in the runtime's log.
func (c *command) logged() string {
	if c.log == "" {
		return ""
	}
	f, err := os.OpenFile(c.log, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	last := ""
	dec := json.NewDecoder(io.LimitReader(f, maxLog))
	for {
		var e struct{ Level, Msg string }
		if dec.Decode(&e) != nil {
			return last
		}
		if e.Level == "error" || e.Level == "fatal" {
			last = strings.TrimSpace(e.Msg)
		}
	}
}

// bounded keeps the first maxLog bytes.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxLog - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
