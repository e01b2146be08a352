package ociruntime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// launchArgs are what create and exec have in common.
type launchArgs struct {
	pidFile, console string
	preserve         int // descriptors from 3 on
}

func (a launchArgs) flags() []string {
	out := []string{"--pid-file", a.pidFile}
	if a.preserve > 0 {
		out = append(out, "--preserve-fds", strconv.Itoa(a.preserve))
	}
	if a.console != "" {
		out = append(out, "--console-socket", a.console)
	}
	return out
}

// launch runs create or exec and returns the process that the runtime leaves to
// this one. With an error it may return a process too, to be awaited.
func (c *container) launch(ctx context.Context, io engine.IO, args func(launchArgs) []string) (*process, error) {
	c.engine.reap.pause()
	defer c.engine.reap.resume()
	log, err := c.file("log", nil)
	if err != nil {
		return nil, err
	}
	defer os.Remove(log)
	call := launchArgs{pidFile: strings.TrimSuffix(log, "/") + ".pid", preserve: len(io.Extra)}
	defer os.Remove(call.pidFile)
	var sock *consoleSocket
	if io.Terminal {
		if sock, err = listenConsole(c.opts.Bundle); err != nil {
			return nil, err
		}
		defer sock.close()
		call.console = sock.path
	}
	cmd := c.engine.command(c.opts.StateDir, log, c.opts.SystemdCgroup, args(call)...)
	cmd.io = &io
	if err := cmd.run(ctx); err != nil {
		go c.engine.reap.leader(cmd.pid)
		return nil, err
	}
	pid, err := readPid(call.pidFile)
	if err != nil {
		return nil, err
	}
	at := placeOf(strconv.Itoa(pid))
	p, err := watch(pid)
	if err != nil {
		return nil, err
	}
	c.engine.reap.own(p)
	c.engine.reap.home(p, at, c.process == nil)
	if sock != nil {
		err = sock.take(ctx, p, io.OnConsole)
	}
	return p, err
}

func readPid(path string) (int, error) {
	b, err := fsx.ReadAtMost(path, 64)
	if err != nil {
		return 0, fmt.Errorf("read the pid that the runtime wrote: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("the runtime wrote pid %q", b)
	}
	return pid, nil
}

// Exec implements engine.Container. A container that has ended or is paused is
// errs.Conflict.
func (c *container) Exec(ctx context.Context, p *specs.Process, io engine.IO) (engine.Process, error) {
	return c.exec(ctx, p, io)
}

func (c *container) exec(ctx context.Context, p *specs.Process, io engine.IO, more ...string) (engine.Process, error) {
	switch err := engine.CheckProcess(p); {
	case err != nil:
		return nil, err
	case c.ended():
		return nil, errs.New(errs.Conflict, "exec in container %s: it is not running", c.opts.ID)
	case c.group.Frozen():
		return nil, errs.New(errs.Conflict, "exec in container %s: it is paused: resume it first", c.opts.ID)
	}
	q := *p
	q.Terminal = io.Terminal
	data, err := json.Marshal(&q)
	if err != nil {
		return nil, err
	}
	file, err := c.file("process", data)
	if err != nil {
		return nil, err
	}
	defer os.Remove(file)
	out, err := c.launch(ctx, io, func(call launchArgs) []string {
		return append(append(append([]string{"exec", "--detach", "--process", file}, more...), call.flags()...), c.opts.ID)
	})
	switch {
	case err == nil:
		out.started.Store(true)
		return out, nil
	case ctx.Err() != nil:
		err = errs.New(errs.Unavailable, "exec in container %s: %w", c.opts.ID, ctx.Err())
	case c.ended():
		err = errs.New(errs.Conflict, "exec in container %s: it has ended", c.opts.ID)
	}
	if out != nil {
		err = errors.Join(err, out.kill())
	}
	return nil, err
}
