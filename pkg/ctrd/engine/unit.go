package engine

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// unit is the service that runs the private containerd of the default folders,
// see scripts/systemd.
const unit = "pouch-containerd.service"

// viaUnit starts the private containerd through its unit, where there is one,
// and reports whether it listens now.
func viaUnit(ctx context.Context, s *store.Store) bool {
	if s.Root != store.DefaultRoot || s.RunRoot != store.DefaultRunRoot || !systemd.Booted() || !installed() {
		return false
	}
	out, err := exec.CommandContext(ctx, "systemctl", "start", unit).CombinedOutput()
	slog.Debug("started through its unit", "unit", unit, "error", err, "output", string(out))
	return err == nil && listening(Socket(s))
}

// installed reports whether systemd may know the unit: systemd.unit(5), "Unit
// File Load Path".
func installed() bool {
	for _, dir := range []string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"} {
		if _, err := os.Stat(filepath.Join(dir, "systemd/system", unit)); err == nil {
			return true
		}
	}
	return false
}
