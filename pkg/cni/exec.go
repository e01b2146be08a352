package cni

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/version"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// maxOutput bounds what is read of a plugin's answer, and of its complaints.
const maxOutput = 4 << 20

// executor runs plugins: each in a process group of its own, which ends with the
// caller and when the time is over, and with bounded output.
type executor struct{ version.PluginDecoder }

var _ invoke.Exec = (*executor)(nil)

// FindInPath finds a plugin; a type that is more than a file's name is none
// (CVE-2021-20206).
func (*executor) FindInPath(plugin string, paths []string) (string, error) {
	if plugin == "" || strings.ContainsAny(plugin, "/\x00") || plugin == "." || plugin == ".." {
		return "", errs.New(errs.Invalid, "CNI plugin type %q: not the name of a program", plugin)
	}
	return invoke.FindInPath(plugin, paths)
}

// ExecPlugin runs a plugin once.
func (e *executor) ExecPlugin(ctx context.Context, path string, stdin []byte, environ []string) ([]byte, error) {
	runtime.LockOSThread() // Pdeathsig follows the thread
	defer runtime.UnlockOSThread()
	var out, complaints bounded
	c := exec.CommandContext(ctx, path)
	c.Env, c.Stdin, c.Stdout, c.Stderr = environ, bytes.NewReader(stdin), &out, &complaints
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second // for what it has left running with its output
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil // it has answered
	case err == nil && out.over:
		err = errs.New(errs.Corrupt, "its answer has more than %d bytes", maxOutput)
	}
	if err == nil {
		return out.Bytes(), nil
	}
	return nil, pluginError(c.Args[0], err, out.Bytes(), complaints.Bytes())
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	bytes.Buffer
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxOutput - b.Len(); len(p) > room {
		b.over = true
		b.Buffer.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
