package ociruntime

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// ExecApart implements engine.Container, with runtimes that know exec --cgroup:
// runc, and crun on v2.
func (c *container) ExecApart(ctx context.Context, p *specs.Process, io engine.IO) (engine.Process, *cgroup.Group, error) {
	sub := c.below()
	if sub == nil {
		out, err := c.Exec(ctx, p, io)
		return out, nil, err
	}
	to := sub.Name
	if sub.Controller != "" {
		to = sub.Controller + ":" + to
	}
	out, err := c.exec(ctx, p, io, "--cgroup", to)
	if err != nil {
		sub.Prune() //nolint:errcheck // it goes with the container's
		return nil, nil, err
	}
	return out, sub.Group, nil
}

// below makes a cgroup that the runtime can put a process into; nil: it cannot.
func (c *container) below() *cgroup.Sub {
	help := c.engine.execHelp()
	if !strings.Contains(help, "--cgroup") {
		return nil
	}
	sub, err := c.group.Below("exec-", &c.apart)
	if err != nil {
		return nil
	}
	if sub.Controller != "" && !strings.Contains(help, "<controller>") {
		sub.Prune() //nolint:errcheck // it goes with the container's
		return nil
	}
	return sub
}

// helpOf returns what asks the runtime, once, what its exec can do.
func helpOf(path string) func() string {
	return sync.OnceValue(func() string {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		b, _ := exec.CommandContext(ctx, path, "exec", "--help").Output() // when it fails it can do nothing more
		return string(b)
	})
}
