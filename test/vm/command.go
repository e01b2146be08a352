package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pouchcontainer/pouch/test/vm/wire"
)

// commandTimeout bounds a command in the machine that has no limit of its own.
const commandTimeout = 15 * time.Minute

// killGrace is how long the agent may take to say that a killed command ended.
const killGrace = time.Minute

// Command is a command for the machine.
type Command struct {
	Args  []string
	Env   []string // added to a small fixed one
	Dir   string   // "": /root
	Stdin []byte
	Limit time.Duration // 0: commandTimeout

	// Stdout and Stderr get the output as it comes; nil: Result has it.
	Stdout, Stderr io.Writer
}

// Result is how a command ended.
type Result struct {
	Code           int
	Stdout, Stderr string
	Err            error // it hung, or the machine is gone
}

// environment is that of every command.
func environment() []string {
	return []string{"PATH=" + prefix + "/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
}

// Run runs a command in the machine to its end. One at a time.
func (m *Machine) Run(ctx context.Context, c Command) (r Result) {
	var stdout, stderr bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &stdout
	}
	if c.Stderr == nil {
		c.Stderr = &stderr
	}
	if c.Limit == 0 {
		c.Limit = commandTimeout
	}
	if c.Dir == "" {
		c.Dir = "/root"
	}
	req := wire.Request{Args: c.Args, Env: append(environment(), c.Env...), Dir: c.Dir, Stdin: c.Stdin}
	if r.Err = m.send(req); r.Err == nil {
		ctx, cancel := context.WithTimeout(ctx, c.Limit)
		defer cancel()
		r.Code, r.Err = m.follow(ctx, c)
	}
	r.Stdout, r.Stderr = stdout.String(), stderr.String()
	return r
}

func (m *Machine) send(r wire.Request) error {
	if m.qemu == nil {
		return errors.New("the machine is off")
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = m.host.Write(append(b, '\n'))
	return err
}

// follow takes the command's output until it ends; one that takes longer than
// ctx is killed.
func (m *Machine) follow(ctx context.Context, c Command) (int, error) {
	done := ctx.Done()
	var hung error
	var late <-chan time.Time
	for {
		select {
		case r, ok := <-m.replies:
			switch {
			case !ok:
				return 0, m.failed(errors.New("QEMU ended"))
			case r.Boot != "" && r.Boot != m.boot:
				return 0, m.failed(errors.New("the machine booted anew"))
			case r.Code != nil:
				return *r.Code, hung
			}
			c.Stdout.Write(r.Stdout)
			c.Stderr.Write(r.Stderr)
		case <-done:
			done, hung = nil, fmt.Errorf("%q hung: %w", c.Args, ctx.Err())
			late = time.After(killGrace)
			if err := m.send(wire.Request{Kill: true}); err != nil {
				return 0, err
			}
		case <-late:
			return 0, m.failed(fmt.Errorf("%w, and the agent does not answer", hung))
		}
	}
}
