package engine

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Run turns this process into the private containerd, for a service manager:
// same pid, its standard streams for the log, READY=1 by containerd itself
// (sd_notify(3)). One that a command has started is ended first; containers and
// commands that come meanwhile do not notice. It returns only with an error.
func Run(ctx context.Context, s *store.Store) error {
	l, err := s.Lock(ctx, "engine", "")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if p, err := Status(s); err == nil {
		if err := end(ctx, p); err != nil {
			return fmt.Errorf("stop the containerd that runs already (pid %d): %w", p.Pid, err)
		}
	}
	path, err := libexec.Find("containerd")
	if err != nil {
		return err
	}
	conf, err := writeConfig(s)
	if err != nil {
		return fmt.Errorf("start containerd: %w", err)
	}
	me, err := proc.Self()
	if err != nil {
		return err
	}
	if err := fsx.WriteJSONVolatile(pidFile(s), me, 0o600); err != nil {
		return err
	}
	env := environment(path)
	if v := os.Getenv("NOTIFY_SOCKET"); v != "" {
		env = append(env, "NOTIFY_SOCKET="+v)
	}
	slog.Debug("become containerd", "program", path, "config", conf)
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return fmt.Errorf("exec %s: %w", path, unix.Exec(path, []string{path, "--config", conf}, env))
}

func environment(containerd string) []string {
	return []string{"PATH=" + filepath.Dir(containerd) + ":" + systemPath, "LANG=C"}
}
