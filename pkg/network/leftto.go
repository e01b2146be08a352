package network

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/proc"
)

// handBack gives a container's lock back. When the container has ended since it was
// taken, its supervisor has left the rest to whoever had it: pouch-run does that, which
// knows containerd. Where there is no pouch-run the next one does.
func (m *Manager) handBack(ctx context.Context, lock *fsx.Lock, id string) error {
	lock.Unlock()
	if _, err := os.Lstat(m.s.RunDir(id)); err != nil || m.lives(id) {
		return nil //nolint:nilerr // it runs, or all was given back
	}
	m.until(ctx, func() bool { return !m.ended(id) }) // its supervisor is about to go
	program, err := libexec.Find("pouch-run")
	if err != nil {
		return nil //nolint:nilerr // as said above
	}
	c := exec.CommandContext(ctx, program, "--root", m.s.Root, "--run-root", m.s.RunRoot, "gc", id)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("settle the end of the container: %w %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}

// lives reports whether process 1 of a container runs, or its supervisor begins another.
func (m *Manager) lives(id string) bool {
	st, err := m.s.State(id)
	if err != nil || !m.running(id) {
		return false
	}
	return proc.Alive(st.Init) || !m.ended(id) && fsx.Held(m.s.SupervisorLock(id))
}
